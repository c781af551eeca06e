#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tapedeck::http {

/// What one client may cost. The server enforces every limit, whatever the handlers do.
struct Limits {
  // Sizes, in bytes.
  std::size_t header_bytes = 16 * 1024;   ///< request line and fields together; beyond: 431
  std::size_t header_fields = 100;        ///< beyond: 431
  std::size_t target_bytes = 8 * 1024;    ///< beyond: 414
  std::size_t body_bytes = 256 * 1024;    ///< decoded; beyond: 413
  std::size_t linger_bytes = 256 * 1024;  ///< discarded after a refusal, so that the client can read it

  // Time-outs.
  std::chrono::milliseconds header_timeout{10'000};  ///< first byte to last of a head; beyond: 408
  std::chrono::milliseconds body_timeout{20'000};    ///< for a whole request body; beyond: 408
  std::chrono::milliseconds idle_timeout{75'000};    ///< between requests; beyond: closed
  std::chrono::milliseconds stall_timeout{120'000};  ///< a response without progress; beyond: closed
  std::chrono::milliseconds rate_window{120'000};    ///< over which the sending rate is measured
  std::chrono::milliseconds linger_timeout{2'000};   ///< for discarding after a refusal
  std::chrono::milliseconds stop_grace{10'000};      ///< for running responses after stop()
  std::chrono::milliseconds accept_retry{100};       ///< between attempts while accept(2) fails

  std::uint64_t least_send_rate = 512;  ///< bytes per second to a reader that blocks the response; below: closed

  // Counts.
  std::size_t connections = 10'000;  ///< of all loops together; beyond: 503 and closed
  std::size_t pipelined = 32;        ///< requests answered on one connection before the others get a turn
};

// Sizes of the server's own buffers, in bytes.

/// Input buffer of a waiting connection; only a long head makes it grow, up to header_bytes.
inline constexpr std::size_t kInputBufferInitial = 2 * 1024;
/// A part of a blob up to this size is read behind the header and sent by one call; a longer one goes by sendfile(2).
inline constexpr std::uint64_t kInlineBlobMax = 16 * 1024;
/// Maximum of one sendfile(2). The other connections of the loop get a turn after it.
inline constexpr std::uint64_t kSendfilePiece = 512 * 1024;
/// Read at a time from a blob that is not a file. A slow reader holds one chunk.
inline constexpr std::size_t kBlobChunk = 16 * 1024;

}  // namespace tapedeck::http

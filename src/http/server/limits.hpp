#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tapedeck::http {

/// What one client may cost. Every limit is enforced by the server, whatever the handlers do.
struct Limits {
  // Sizes, in bytes.
  std::size_t header_bytes = 16 * 1024;   ///< request line and fields together; beyond: 431
  std::size_t header_fields = 100;        ///< beyond: 431
  std::size_t target_bytes = 8 * 1024;    ///< beyond: 414
  std::size_t body_bytes = 256 * 1024;    ///< decoded; beyond: 413
  std::size_t linger_bytes = 256 * 1024;  ///< discarded after a refusal, so that the client can read the answer

  // Time-outs.
  std::chrono::milliseconds header_timeout{10'000};  ///< first byte to last of a head; beyond: 408
  std::chrono::milliseconds body_timeout{20'000};    ///< of a whole request body; beyond: 408
  std::chrono::milliseconds idle_timeout{75'000};    ///< between requests; beyond: closed
  std::chrono::milliseconds stall_timeout{120'000};  ///< a response without any progress; beyond: closed
  std::chrono::milliseconds rate_window{120'000};    ///< over which the least sending rate is measured
  std::chrono::milliseconds linger_timeout{2'000};   ///< of discarding after a refusal
  std::chrono::milliseconds stop_grace{10'000};      ///< for running responses, once stop() is called
  std::chrono::milliseconds accept_retry{100};       ///< between attempts while the system refuses to accept

  std::uint64_t least_send_rate = 512;  ///< bytes per second, of a response that waits for its reader; below: closed

  // Counts.
  std::size_t connections = 10'000;  ///< of all loops together; beyond: 503 and closed
  std::size_t pipelined = 32;        ///< requests answered on one connection before the others have their turn
};

// Sizes of the server's own buffers, in bytes.

/// What a waiting connection holds to read into; grows to header_bytes for a long head only.
inline constexpr std::size_t kInputBufferInitial = 2 * 1024;
/// A blob's part up to this is read into the header's buffer and sent by one call; a longer one goes by sendfile(2).
inline constexpr std::uint64_t kInlineBlobMax = 16 * 1024;
/// Most bytes of one sendfile(2); then the other connections of the loop have their turn.
inline constexpr std::uint64_t kSendfilePiece = 512 * 1024;
/// Read at once from a blob that is not a file. A slow reader holds one of these.
inline constexpr std::size_t kBlobChunk = 16 * 1024;

}  // namespace tapedeck::http

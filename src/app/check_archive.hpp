#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "blobs/blob_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Bytes of one read of a blob.
inline constexpr std::size_t kArchivePieceBytes = 256 * 1024;

/// Slows down bulk reads, so that listeners get the disk or the object store. For one coroutine.
class ReadPace {
 public:
  /// `bytes_per_second` 0: no limit.
  ReadPace(Clock& clock, std::uint64_t bytes_per_second)
      : clock_(clock), bytes_per_second_(bytes_per_second), began_(clock.steady_now()) {}

  /// Counts bytes that were read, and waits until the rate is not exceeded.
  [[nodiscard]] Task<> read(std::uint64_t bytes, std::stop_token stop);
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  Clock& clock_;
  const std::uint64_t bytes_per_second_;
  const SteadyTime began_;
  std::uint64_t bytes_ = 0;
};

/// Opens the blob of stored audio. Error kCorrupt: it is missing or has another length; the detail says which.
[[nodiscard]] Task<Result<std::shared_ptr<Blob>>> open_stored(BlobStore& blobs, StoredAudio audio);
/// That detail for a blob of `size` bytes.
[[nodiscard]] std::string wrong_size_text(std::uint64_t size, const StoredAudio& audio);

enum class ArchiveCheck {
  kBytes,  ///< length and SHA-256
  kAudio   ///< also that it is audio of its kind (media/audio_check.hpp)
};

/// Reads all of a stored recording's blob. Error kCorrupt: it is missing or not what was stored; the detail says how.
/// kCancelled: `stop` was requested. Others: the blob store failed, so nothing is known.
[[nodiscard]] Task<Result<void>> check_archive(BlobStore& blobs, Recording recording, ArchiveCheck check,
                                               ReadPace& pace, std::stop_token stop);

}  // namespace tapedeck

#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "blobs/blob_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Bytes of a blob that are read at once.
inline constexpr std::size_t kArchivePieceBytes = 256 * 1024;

/// Keeps whoever reads in bulk from taking the disk, or the object store, from those who listen. One coroutine.
class ReadPace {
 public:
  /// `bytes_per_second` 0: as fast as it goes.
  ReadPace(Clock& clock, std::uint64_t bytes_per_second)
      : clock_(clock), bytes_per_second_(bytes_per_second), began_(clock.steady_now()) {}

  /// Waits until so many more bytes may have been read since the beginning.
  [[nodiscard]] Task<> read(std::uint64_t bytes, std::stop_token stop);
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  Clock& clock_;
  const std::uint64_t bytes_per_second_;
  const SteadyTime began_;
  std::uint64_t bytes_ = 0;
};

enum class ArchiveCheck {
  kBytes,  ///< length and SHA-256
  kAudio   ///< and whether it is audio of its kind (media/audio_check.hpp)
};

/// Reads a stored recording's blob back, all of it. Error kCorrupt: it is missing, or not what was stored, and the
/// detail says how; kCancelled: `stop`; others: the blob store could not be asked, so that nothing is known.
[[nodiscard]] Task<Result<void>> check_archive(BlobStore& blobs, Recording recording, ArchiveCheck check,
                                               ReadPace& pace, std::stop_token stop);

}  // namespace tapedeck

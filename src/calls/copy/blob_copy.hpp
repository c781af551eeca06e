#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "blobs/blob_store.hpp"
#include "calls/copy/row_copy.hpp"

namespace tapedeck {

/// Recordings that are copied at once.
inline constexpr int kBlobsAtOnce = 8;
/// Most blobs that BlobOutcome names one by one.
inline constexpr std::size_t kBlobsNamedMax = 100;

/// How a copy of the blob store compares with the recordings that a call store knows as stored.
struct BlobOutcome {
  std::int64_t blobs = 0;          ///< that the rows know
  std::uint64_t bytes = 0;         ///< of them
  std::int64_t copied = 0;         ///< that the copy did not have; 0: it has them all
  std::int64_t damaged = 0;        ///< whose bytes are not those of the row's SHA-256: not copied
  std::int64_t missing = 0;        ///< that the source does not have, although the rows name them
  std::int64_t waveforms = 0;      ///< copied with their recordings, or after them
  std::int64_t outdated = 0;       ///< that were deleted or replaced while this ran
  std::vector<std::string> named;  ///< keys of the damaged and missing ones, kBlobsNamedMax at most
};

/// From where to where.
struct BlobRoute {
  CallArchive& rows;  ///< names the blobs: of its recordings those that are stored
  CallArchive& live;  ///< tells whether a missing blob should still be there; `rows` itself, or the store that `rows`
                      ///< is a copy of
  BlobStore& source;
  BlobStore& copy;
};

/// Copies every blob that the copy does not have in its row's length. A blob is published there only if the SHA-256 of
/// what was read is the row's, so that every blob in the copy is whole; then its length is checked. The waveform of a
/// measured recording goes along, if there is one: a missing one is made again. Errors: those of the stores; what was
/// copied stays, and the next call goes on.
[[nodiscard]] Task<Result<BlobOutcome>> copy_blobs(BlobRoute route, const CopyWatcher& watcher);

/// The blobs that the rows know, and their bytes, without looking at any.
[[nodiscard]] Task<Result<BlobOutcome>> count_blobs(CallArchive& rows);

}  // namespace tapedeck

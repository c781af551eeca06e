#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "blobs/blob_store.hpp"
#include "blobs/filesystem/blob_directory.hpp"
#include "runtime/offload.hpp"

namespace tapedeck {

/// A writer gathers chunks up to this size before it writes to the disk: fewer trips to the pool, bounded memory.
inline constexpr std::size_t kWriteGatherBytes = 128 * 1024;
/// Bytes of a blob that are read ahead when it is opened, so that the first sendfile(2) finds them in memory.
inline constexpr std::size_t kReadAheadBytes = 512 * 1024;

/// Blobs as files below a directory. Blocking calls run on `pool`, which must outlive the store, its writers and blobs.
/// A writer that is destroyed unpublished removes its file on the pool a moment later.
class FilesystemBlobStore final : public BlobStore {
 public:
  /// Throws std::system_error if `root` cannot be made or opened. Never blocks for long.
  FilesystemBlobStore(OffloadPool& pool, const std::string& root, FileSystemCalls calls = {});

  [[nodiscard]] Task<Result<std::unique_ptr<BlobWriter>>> create(std::string key) override;
  [[nodiscard]] Task<Result<std::shared_ptr<Blob>>> open(std::string key) override;
  [[nodiscard]] Task<Result<void>> remove(std::string key) override;
  [[nodiscard]] Task<Result<std::optional<std::uint64_t>>> size_of(std::string key) override;
  [[nodiscard]] Task<Result<std::vector<BlobEntry>>> list(std::string after, int limit) override;
  [[nodiscard]] Task<Result<int>> collect_leftovers() override;
  [[nodiscard]] Task<Result<void>> ping() override;

 private:
  OffloadPool& pool_;
  // Shared with writers: their clean-up on the pool may run after the store is gone.
  std::shared_ptr<BlobDirectory> directory_;
};

}  // namespace tapedeck

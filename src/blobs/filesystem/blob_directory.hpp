#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/error.hpp"
#include "blobs/filesystem/file_descriptor.hpp"
#include "blobs/filesystem/file_system_calls.hpp"

namespace tapedeck {

/// Most folders that are remembered as durable.
inline constexpr std::size_t kDurableFoldersMax = 65'536;

/// A failed write, as an error of ours: ENOSPC, EDQUOT and EFBIG are kNoSpace, EROFS, EACCES and EPERM kReadOnly, the
/// rest kIo. The detail is `what` and the system's own words.
[[nodiscard]] Error error_of_errno(int number, std::string_view what);

/// A temporary file: its name below the root, and the open file. For as long as it is one, `lock` holds a lock on it
/// (flock(2)), which tells it from what a process left behind that has died.
struct TemporaryFile {
  std::string name;  ///< empty: discarded
  FileDescriptor file;
  FileDescriptor lock;
};

/// The directory that holds the blobs, with blocking calls. Thread-safe.
///
/// Published blobs lie under their keys, what is being written under ".tmp/", on the same file system so that it can
/// be renamed. No business can be called ".tmp". Every path is walked part by part from the root's descriptor, without
/// following symbolic links, and keys are those of is_blob_key() only: nothing can point outside the root.
class BlobDirectory {
 public:
  /// Creates `root` where it is missing. Throws std::system_error when that, or opening it, fails.
  BlobDirectory(const std::string& root, FileSystemCalls calls);

  /// Makes the folder that `key` will be published in, durably: while the bytes are still to come, so that publishing
  /// need not wait for it.
  [[nodiscard]] Result<void> prepare(std::string_view key);
  [[nodiscard]] Result<TemporaryFile> create_temporary();
  /// Appends all of `bytes`.
  [[nodiscard]] Result<void> write(const FileDescriptor& file, std::string_view bytes);
  /// Makes the file durable, then visible under `key` in one step, then its name durable. Uses the file up; after an
  /// error nothing is visible that was not before.
  [[nodiscard]] Result<void> publish(TemporaryFile& temporary, std::string_view key);
  /// Closes and removes it; harmless on a published one.
  void discard(TemporaryFile& temporary) noexcept;

  /// For reading. Error kNotFound.
  [[nodiscard]] Result<FileDescriptor> open(std::string_view key) const;
  /// Bytes of a file; empty: there is none.
  [[nodiscard]] Result<std::optional<std::uint64_t>> size_of(std::string_view key) const;
  /// Removing what is not there succeeds.
  [[nodiscard]] Result<void> remove(std::string_view key);
  /// Removes from ".tmp/" what no process writes any more; returns how many files that were.
  [[nodiscard]] Result<int> collect_leftovers();
  /// Writes, flushes and removes a small file.
  [[nodiscard]] Result<void> probe();
  /// For walk_blobs().
  [[nodiscard]] const FileDescriptor& root() const noexcept { return root_; }

 private:
  [[nodiscard]] Result<void> flush(int descriptor, std::string_view what) const;
  [[nodiscard]] Result<FileDescriptor> open_folder_of(std::string_view key) const;
  [[nodiscard]] bool is_known_durable(const std::string& folder);
  void remember_durable(const std::string& folder);
  [[nodiscard]] Result<FileDescriptor> make_folder_of(std::string_view key);
  [[nodiscard]] Result<void> swap_in(const TemporaryFile& temporary, const FileDescriptor& folder,
                                     const std::string& name);

  FileSystemCalls calls_;
  FileDescriptor root_;
  std::atomic<std::uint64_t> counter_{0};
  std::mutex mutex_;
  std::unordered_set<std::string> durable_folders_;  // paths whose last name this process has made durable
};

}  // namespace tapedeck

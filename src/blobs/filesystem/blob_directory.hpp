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

/// Most folders that are remembered as durable; beyond, the memory starts anew.
inline constexpr std::size_t kDurableFoldersMax = 65'536;

/// A temporary file: its name below the root, and the open file. `lock` holds a lock on it (flock(2)) for as long as it
/// is one, which tells it from a leftover of a process that has died.
struct TemporaryFile {
  std::string name;  ///< empty: discarded
  FileDescriptor file;
  FileDescriptor lock;
};

/// The directory that holds the blobs, with blocking calls. Thread-safe.
///
/// Published blobs lie under their keys. Blobs being written lie under ".tmp/" on the same file system, so that they
/// can be renamed; no business can be called ".tmp". Every path is walked part by part from the root's descriptor,
/// without following symbolic links, and only keys of is_blob_key() are accepted, so nothing can point outside the
/// root.
class BlobDirectory {
 public:
  /// Creates `root` if it is missing. Throws std::system_error if that, or opening it, fails.
  BlobDirectory(const std::string& root, FileSystemCalls calls);

  /// Makes the folder of `key`, durably. Called before the bytes come, so that publishing need not wait for it.
  [[nodiscard]] Result<void> prepare(std::string_view key);
  [[nodiscard]] Result<TemporaryFile> create_temporary();
  /// Appends all of `bytes`.
  [[nodiscard]] Result<void> write(const FileDescriptor& file, std::string_view bytes);
  /// Makes the file durable, then visible under `key` in one step, then its name durable. Consumes the file. After an
  /// error nothing new is visible.
  [[nodiscard]] Result<void> publish(TemporaryFile& temporary, std::string_view key);
  /// Closes and removes it; harmless if it is published.
  void discard(TemporaryFile& temporary) noexcept;

  /// For reading. Error kNotFound.
  [[nodiscard]] Result<FileDescriptor> open(std::string_view key) const;
  /// The size of a file in bytes; empty: there is none.
  [[nodiscard]] Result<std::optional<std::uint64_t>> size_of(std::string_view key) const;
  /// Removing a missing file succeeds.
  [[nodiscard]] Result<void> remove(std::string_view key);
  /// Removes from ".tmp/" the files that no process writes; returns how many.
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
  std::unordered_set<std::string> durable_folders_;  // paths that this process has made durable
};

}  // namespace tapedeck

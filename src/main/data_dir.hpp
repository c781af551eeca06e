#pragma once

#include <filesystem>
#include <utility>

#include "base/error.hpp"

namespace tapedeck {

/// The file of DATA_DIR that holds the pid of its server, which holds a lock on it (flock(2)) for as long as it lives.
inline constexpr const char* kPidFile = "tapedeck.pid";

/// Creates the directory where it is missing, for its owner only. Error kIo or kReadOnly says why it cannot be used.
[[nodiscard]] Result<void> make_data_dir(const std::filesystem::path& data_dir);

/// A server without REDIS_URL has a DATA_DIR to itself: it keeps slots and the order of waiting in its memory, so a
/// second one would hand them out again. Servers that share a Redis may share the directory. The kernel frees the lock
/// when the process ends, however it ends.
class DataDirLock {
 public:
  enum class Use { kAlone, kShared };
  /// Makes the directory where needed. Error kConflict names the pid of a server that uses it in the other way, or
  /// alone.
  [[nodiscard]] static Result<DataDirLock> acquire(const std::filesystem::path& data_dir, Use use = Use::kAlone);

  DataDirLock(DataDirLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  DataDirLock& operator=(DataDirLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~DataDirLock();

 private:
  explicit DataDirLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace tapedeck

#pragma once

#include <filesystem>
#include <utility>

#include "base/error.hpp"

namespace tapedeck {

/// The file of DATA_DIR that holds the pid of its server. The server locks it (flock(2)) for as long as it lives.
inline constexpr const char* kPidFile = "tapedeck.pid";

/// Creates the directory where it is missing, for its owner only. Errors kIo, kReadOnly and kNoSpace say why it cannot
/// be used.
[[nodiscard]] Result<void> make_data_dir(const std::filesystem::path& data_dir);

/// The lock on DATA_DIR. A server without REDIS_URL has the directory to itself: it keeps slots and queues in its
/// memory, so a second server would hand out the slots again. Servers that share a Redis may share the directory. The
/// kernel frees the lock when the process ends, however it ends.
class DataDirLock {
 public:
  enum class Use { kAlone, kShared };
  /// Creates the directory where it is missing. Error kConflict: another server has the directory to itself, or would
  /// share it; the detail names its pid. Others as of make_data_dir().
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

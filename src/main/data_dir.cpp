#include "main/data_dir.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace tapedeck {
namespace {

std::unexpected<Error> refuse(int code, const std::filesystem::path& path) {
  const Errc errc = code == EROFS ? Errc::kReadOnly : code == ENOSPC ? Errc::kNoSpace : Errc::kIo;
  return fail(errc, fmt::format("{}: {}", path.string(), std::generic_category().message(code)));
}

std::string pid_in(int file) {
  std::array<char, 24> text{};
  const ssize_t count = ::pread(file, text.data(), text.size() - 1, 0);
  const long pid = count > 0 ? std::strtol(text.data(), nullptr, 10) : 0;
  return pid > 0 ? fmt::format("pid {}", pid) : "pid unknown";
}

}  // namespace

Result<void> make_data_dir(const std::filesystem::path& data_dir) {
  std::error_code problem;
  std::filesystem::create_directories(data_dir.parent_path(), problem);
  // Only its owner may read recordings and sealed credentials. A directory that exists keeps its mode.
  if (::mkdir(data_dir.c_str(), S_IRWXU) != 0 && errno != EEXIST) return refuse(errno, data_dir);
  if (!std::filesystem::is_directory(data_dir, problem)) return refuse(ENOTDIR, data_dir);
  return {};
}

Result<DataDirLock> DataDirLock::acquire(const std::filesystem::path& data_dir, Use use) {
  if (auto made = make_data_dir(data_dir); !made) return fail(made.error());
  const std::filesystem::path path = data_dir / kPidFile;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (file < 0) return refuse(errno, path);
  DataDirLock lock(file);
  if (::flock(file, (use == Use::kAlone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refuse(errno, path);
    return fail(Errc::kConflict,
                fmt::format("DATA_DIR {} belongs to a running tapedeck ({}); stop it, or choose another directory{}",
                            data_dir.string(), pid_in(file),
                            use == Use::kShared ? ": that one has no REDIS_URL, so it must be alone" : ""));
  }
  // The file stays when the process ends. If it were removed, two servers could lock two files of one name.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return refuse(errno, path);
  }
  return lock;
}

DataDirLock::~DataDirLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace tapedeck

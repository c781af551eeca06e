#include "blobs/filesystem/blob_directory.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blobs/blob_key.hpp"
#include "blobs/disk_error.hpp"
#include "blobs/filesystem/folder_names.hpp"

namespace tapedeck {
namespace {

constexpr const char* kTemporaryFolder = ".tmp";
// Recordings are private: only the owner reads them.
constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;
// Earlier processes may have left the same names; more collisions than this mean another fault.
constexpr int kNameAttemptsMax = 100;
constexpr std::string_view kProbeText = "tapedeck probe\n";

std::unexpected<Error> fail_write(std::string_view what) { return fail(error_of_errno(errno, what)); }

std::unexpected<Error> fail_read(std::string_view what) {
  const Errc code = errno == ENOENT ? Errc::kNotFound : Errc::kIo;
  return fail(code, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

FileDescriptor open_folder(const FileDescriptor& parent, const std::string& name) {
  return FileDescriptor(::openat(parent.get(), name.c_str(), kFolderFlags));
}

FileDescriptor duplicate(const FileDescriptor& original) {
  return FileDescriptor(::fcntl(original.get(), F_DUPFD_CLOEXEC, 0));
}

// A key before its last slash, and after it.
std::string_view folder_of(std::string_view key) { return key.substr(0, key.rfind('/')); }
std::string name_of(std::string_view key) { return std::string(key.substr(key.rfind('/') + 1)); }

std::vector<std::string> parts_of(std::string_view folder) {
  std::vector<std::string> parts;
  while (!folder.empty()) {
    const std::size_t slash = std::min(folder.find('/'), folder.size());
    parts.emplace_back(folder.substr(0, slash));
    folder.remove_prefix(std::min(slash + 1, folder.size()));
  }
  return parts;
}

// False: the file has lost its name meanwhile. On a file system without locks it counts as locked.
bool lock_temporary(TemporaryFile& temporary) {
  temporary.lock = duplicate(temporary.file);
  if (!temporary.lock || ::flock(temporary.lock.get(), LOCK_EX | LOCK_NB) != 0) return true;
  struct stat status{};
  return ::fstat(temporary.lock.get(), &status) != 0 || status.st_nlink > 0;
}

bool is_being_written(int folder, const std::string& name) {
  const FileDescriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

BlobDirectory::BlobDirectory(const std::string& root, FileSystemCalls calls) : calls_(std::move(calls)) {
  std::filesystem::create_directories(root);
  root_ = FileDescriptor(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) throw std::system_error(errno, std::generic_category(), fmt::format("cannot open {}", root));
}

Result<void> BlobDirectory::prepare(std::string_view key) {
  if (Result<void> good = check_blob_key(key); !good) return good;
  const Result<FileDescriptor> folder = make_folder_of(key);
  if (!folder) return fail(folder.error());
  return {};
}

Result<TemporaryFile> BlobDirectory::create_temporary() {
  for (int attempt = 0; attempt < kNameAttemptsMax; ++attempt) {
    std::string name = fmt::format("{}/{}-{}", kTemporaryFolder, ::getpid(), counter_.fetch_add(1));
    FileDescriptor file(
        ::openat(root_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (file) {
      TemporaryFile temporary{std::move(name), std::move(file), {}};
      if (lock_temporary(temporary)) return temporary;
      continue;  // before it was locked, another process took it for a leftover
    }
    if (errno == ENOENT) {
      if (::mkdirat(root_.get(), kTemporaryFolder, kFolderMode) != 0 && errno != EEXIST) {
        return fail_write("cannot make the folder of temporary files");
      }
    } else if (errno != EEXIST) {
      return fail_write("cannot create a file");
    }
  }
  return fail(Errc::kIo, "cannot create a file: every name is taken");
}

Result<void> BlobDirectory::write(const FileDescriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = calls_.write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_write("cannot write");
    if (written == 0) return fail(Errc::kIo, "cannot write: the disk takes nothing");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// A failed fsync is final: the kernel may have dropped the pages and marked them clean, so a second one would succeed
// although the bytes are not on the disk (Rebello et al., "Can Applications Recover from fsync Failures?",
// USENIX ATC 2020). The caller discards the file and fetches again.
Result<void> BlobDirectory::flush(int descriptor, std::string_view what) const {
  if (calls_.fsync(descriptor) == 0) return {};
  return fail_write(what);
}

// Error kNotFound.
Result<FileDescriptor> BlobDirectory::open_folder_of(std::string_view key) const {
  FileDescriptor folder = duplicate(root_);
  if (!folder) return fail_read("cannot open the root folder");
  for (const std::string& part : parts_of(folder_of(key))) {
    folder = open_folder(folder, part);
    if (!folder) return fail_read("cannot open a folder");
  }
  return folder;
}

bool BlobDirectory::is_known_durable(const std::string& folder) {
  const std::scoped_lock lock(mutex_);
  return durable_folders_.contains(folder);
}

void BlobDirectory::remember_durable(const std::string& folder) {
  const std::scoped_lock lock(mutex_);
  if (durable_folders_.size() >= kDurableFoldersMax) durable_folders_.clear();
  durable_folders_.insert(folder);
}

// Makes missing folders, and makes every name on the way durable before anything is put below it. An existing folder
// may have a name that is not durable yet: another thread, or a process that crashed, may have made it without
// flushing. So this process flushes the parent before its first use of a folder.
Result<FileDescriptor> BlobDirectory::make_folder_of(std::string_view key) {
  FileDescriptor folder = duplicate(root_);
  if (!folder) return fail_write("cannot open the root folder");
  std::string path;
  for (const std::string& part : parts_of(folder_of(key))) {
    path += "/" + part;
    FileDescriptor next = is_known_durable(path) ? open_folder(folder, part) : FileDescriptor();
    // Unknown, or removed since.
    if (!next) {
      if (::mkdirat(folder.get(), part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        return fail_write("cannot make a folder");
      }
      if (Result<void> flushed = flush(folder.get(), "cannot flush a folder"); !flushed) return fail(flushed.error());
      next = open_folder(folder, part);
      if (!next) return fail_write("cannot open a folder");
      remember_durable(path);
    }
    folder = std::move(next);
  }
  return folder;
}

// Puts the temporary file in place. An existing blob changes places with it, and is removed only once the new name is
// durable, so that a failure can be undone.
Result<void> BlobDirectory::swap_in(const TemporaryFile& temporary, const FileDescriptor& folder,
                                    const std::string& name) {
  const auto rename = [&](unsigned flags) {
    return calls_.renameat2(root_.get(), temporary.name.c_str(), folder.get(), name.c_str(), flags);
  };
  bool replaces = false;
  if (rename(RENAME_NOREPLACE) != 0) {
    replaces = errno == EEXIST;
    if (!replaces || rename(RENAME_EXCHANGE) != 0) return fail_write("cannot put the file in place");
  }
  Result<void> flushed = flush(folder.get(), "cannot flush the folder");
  if (!flushed) {
    // Otherwise a blob would be visible that a power failure may take away.
    const int undone = replaces ? rename(RENAME_EXCHANGE) : ::unlinkat(folder.get(), name.c_str(), 0);
    if (undone != 0) flushed.error().detail += ", nor take the file back";
  }
  return flushed;
}

Result<void> BlobDirectory::publish(TemporaryFile& temporary, std::string_view key) {
  if (Result<void> good = check_blob_key(key); !good) return good;
  Result<void> flushed = flush(temporary.file.get(), "cannot flush the file");
  if (!flushed) return flushed;
  // Network file systems report a full disk here.
  if (temporary.file.close() != 0) return fail_write("cannot close the file");
  const Result<FileDescriptor> folder = make_folder_of(key);
  if (!folder) return fail(folder.error());
  Result<void> swapped = swap_in(temporary, *folder, name_of(key));
  // While a file is open for writing, its disk cannot be made read-only.
  (void)temporary.lock.close();
  return swapped;
}

void BlobDirectory::discard(TemporaryFile& temporary) noexcept {
  (void)temporary.file.close();
  if (!temporary.name.empty()) (void)::unlinkat(root_.get(), temporary.name.c_str(), 0);
  temporary.name.clear();
}

Result<FileDescriptor> BlobDirectory::open(std::string_view key) const {
  if (Result<void> good = check_blob_key(key); !good) return fail(good.error());
  const Result<FileDescriptor> folder = open_folder_of(key);
  if (!folder) return fail(folder.error());
  // O_NONBLOCK changes nothing for a file, and keeps any other kind of node from blocking the thread.
  FileDescriptor file(::openat(folder->get(), name_of(key).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return fail_read("cannot open the file");
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_read("cannot look at the file");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kCorrupt, "what lies there is not a file");
  return file;
}

Result<std::optional<std::uint64_t>> BlobDirectory::size_of(std::string_view key) const {
  if (Result<void> good = check_blob_key(key); !good) return fail(good.error());
  const Result<FileDescriptor> folder = open_folder_of(key);
  if (!folder && is_not_found(folder.error())) return std::nullopt;
  if (!folder) return fail(folder.error());
  struct stat status{};
  if (::fstatat(folder->get(), name_of(key).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail_read("cannot look at the file");
  }
  if (!S_ISREG(status.st_mode)) return fail(Errc::kCorrupt, "what lies there is not a file");
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> BlobDirectory::remove(std::string_view key) {
  if (Result<void> good = check_blob_key(key); !good) return good;
  const Result<FileDescriptor> folder = open_folder_of(key);
  if (!folder) return is_not_found(folder.error()) ? Result<void>{} : fail(folder.error());
  if (::unlinkat(folder->get(), name_of(key).c_str(), 0) != 0) {
    return errno == ENOENT ? Result<void>{} : fail_write("cannot remove the file");
  }
  return flush(folder->get(), "cannot flush the folder");
}

Result<int> BlobDirectory::collect_leftovers() {
  const FileDescriptor folder = open_folder(root_, kTemporaryFolder);
  if (!folder && errno == ENOENT) return 0;
  if (!folder) return fail_read("cannot open the folder of temporary files");
  auto names = names_in(folder);
  if (!names) return fail_read("cannot list the temporary files");
  std::erase_if(*names, [&folder](const std::string& name) { return is_being_written(folder.get(), name); });
  for (const std::string& name : *names) {
    if (::unlinkat(folder.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return fail_write("cannot remove a leftover");
    }
  }
  return static_cast<int>(names->size());
}

Result<void> BlobDirectory::probe() {
  Result<TemporaryFile> temporary = create_temporary();
  if (!temporary) return fail(temporary.error());
  Result<void> written = write(temporary->file, kProbeText);
  if (written) written = flush(temporary->file.get(), "cannot flush a file");
  discard(*temporary);
  return written;
}

}  // namespace tapedeck

#include "blobs/filesystem/blob_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "blobs/blob_key.hpp"
#include "blobs/filesystem/folder_names.hpp"

namespace tapedeck {
namespace {

// Folders of a key: business, account, two digits.
constexpr int kFolders = 3;
constexpr Milliseconds::rep kNanosecondsInMillisecond = 1'000'000;

std::unexpected<Error> fail_walk(std::string_view what) {
  return fail(Errc::kIo, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

SystemTime time_of(const timespec& time) {
  return SystemTime(Seconds(time.tv_sec) + Milliseconds(time.tv_nsec / kNanosecondsInMillisecond));
}

class Walk {
 public:
  Walk(std::string_view after, int limit) : after_(after), limit_(static_cast<std::size_t>(std::max(limit, 1))) {}

  // Walks `folder`, whose keys begin with `prefix`. False: the limit is reached.
  Result<bool> folder(const FileDescriptor& folder, const std::string& prefix, int depth) {
    auto names = next_names(folder, prefix, depth < kFolders);
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      Result<bool> goes_on = true;
      if (depth == kFolders) {
        goes_on = file(folder, prefix, name);
      } else {
        const FileDescriptor next(::openat(folder.get(), name.c_str(), kFolderFlags));
        // Only a folder that still exists holds blobs.
        if (!next && errno != ENOTDIR && errno != ENOENT && errno != ELOOP) return fail_walk("cannot open a folder");
        if (next) goes_on = this->folder(next, prefix + name, depth + 1);
      }
      if (!goes_on || !*goes_on) return goes_on;
    }
    return true;
  }

  [[nodiscard]] std::vector<BlobEntry> take() { return std::move(found_); }

 private:
  // Names that may lead to keys after after_, in the order of the keys. Folders keep their slash, because it sorts
  // before digits and letters, and after "-".
  Result<std::vector<std::string>> next_names(const FileDescriptor& folder, const std::string& prefix, bool folders) {
    auto names = names_in(folder);
    if (!names) return fail_walk("cannot list a folder");
    if (folders) {
      for (std::string& name : *names) name += '/';
    }
    std::erase_if(*names, [&](const std::string& name) {
      if (name.starts_with('.')) return true;  // our own, such as ".tmp"
      const std::string path = prefix + name;
      return path <= after_ && !after_.starts_with(path);
    });
    std::ranges::sort(*names);
    return std::move(*names);
  }

  Result<bool> file(const FileDescriptor& folder, const std::string& prefix, const std::string& name) {
    std::string key = prefix + name;
    if (key <= after_ || !parse_blob_key(key)) return true;
    struct stat status{};
    if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return true;
      return fail_walk("cannot look at a file");
    }
    if (!S_ISREG(status.st_mode)) return true;
    found_.push_back({std::move(key), static_cast<std::uint64_t>(status.st_size), time_of(status.st_mtim)});
    return found_.size() < limit_;
  }

  const std::string after_;
  const std::size_t limit_;
  std::vector<BlobEntry> found_;
};

}  // namespace

Result<std::vector<BlobEntry>> walk_blobs(const FileDescriptor& root, std::string_view after, int limit) {
  Walk walk(after, limit);
  const Result<bool> walked = walk.folder(root, "", 0);
  if (!walked) return fail(walked.error());
  return walk.take();
}

}  // namespace tapedeck

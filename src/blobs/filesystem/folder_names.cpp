#include "blobs/filesystem/folder_names.hpp"

#include <cerrno>
#include <memory>
#include <string_view>

#include <dirent.h>

namespace tapedeck {

std::optional<std::vector<std::string>> names_in(const FileDescriptor& folder) {
  FileDescriptor own(::openat(folder.get(), ".", kFolderFlags));
  if (!own) return std::nullopt;
  const auto close_listing = [](DIR* listing) { (void)::closedir(listing); };
  const std::unique_ptr<DIR, decltype(close_listing)> listing(::fdopendir(own.get()), close_listing);
  if (!listing) return std::nullopt;
  (void)own.release();  // the listing owns it now
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(listing.get());
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return std::nullopt;
  return names;
}

}  // namespace tapedeck

#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>

#include "blobs/filesystem/file_descriptor.hpp"

namespace tapedeck {

/// How every folder of the archive is opened: never through a symbolic link.
inline constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// The names in a folder, without "." and "..", in no order. Blocks. Error: std::nullopt, with the cause in errno.
[[nodiscard]] std::optional<std::vector<std::string>> names_in(const FileDescriptor& folder);

}  // namespace tapedeck

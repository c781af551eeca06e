#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.hpp"
#include "main/settings.hpp"
#include "main/stores.hpp"

namespace tapedeck {

/// Threads that read and write files during a backup or a restore.
inline constexpr std::size_t kCopyDiskThreads = 4;

/// Error kInvalidArgument: the settings name stores that are not in DATA_DIR. `command` is named in it.
[[nodiscard]] Result<void> expect_embedded(const Settings& settings, std::string_view command);
/// Error kNotFound: there is no database in it.
[[nodiscard]] Result<void> expect_database(const std::filesystem::path& data_dir);

}  // namespace tapedeck

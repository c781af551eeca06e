#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "adapters/filesystem/blob_store.hpp"
#include "adapters/sqlite/sqlite_call_store.hpp"
#include "core/error.hpp"
#include "core/secret_box.hpp"
#include "main/settings.hpp"
#include "main/stores.hpp"

namespace tapedeck {

/// Threads that read and write files during a backup or a restore.
inline constexpr std::size_t kCopyDiskThreads = 4;

/// A database file, and what its store borrows.
struct OpenDatabase {
  std::unique_ptr<SecretBox> secrets;
  std::unique_ptr<SqliteCallStore> store;
};

/// Errors: those of SqliteCallStore::open().
[[nodiscard]] Result<OpenDatabase> open_database(const std::filesystem::path& file, std::string_view key);
/// Error kInvalidArgument: the settings name stores that are not in DATA_DIR. `command` is named in it.
[[nodiscard]] Result<void> expect_embedded(const Settings& settings, std::string_view command);
/// Error kNotFound: there is no database in it.
[[nodiscard]] Result<void> expect_database(const std::filesystem::path& data_dir);

}  // namespace tapedeck

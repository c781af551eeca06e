#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "main/settings.hpp"

// What `backup` and `restore` share. A backup is a folder:
//
//   backup.json          names the database that belongs to the backup; written last, in one step
//   tapedeck-TIME.db     a copy of the database
//   recordings/          the recordings that this database knows as stored, under their keys
//   secret.key           the key that seals its credentials, unless SECRET_KEY is set
//
// So backup.json is true at any moment: an interrupted backup leaves the previous one unchanged.

namespace tapedeck {

/// The file whose presence makes a folder a backup.
inline constexpr const char* kManifestFile = "backup.json";
/// Threads that read and write files during a backup or a restore.
inline constexpr std::size_t kCopyDiskThreads = 4;

struct BackupManifest {
  std::string database;         ///< the file's name, without a folder
  std::string database_sha256;  ///< of its bytes
  std::string made_at;          ///< RFC 3339
  std::int64_t recordings = 0;
  std::uint64_t bytes = 0;  ///< of the recordings
};

/// Error kInvalidArgument: the settings name stores outside DATA_DIR. The detail names `command`.
[[nodiscard]] Result<void> expect_embedded(const Settings& settings, std::string_view command);

/// Errors: kNotFound, there is no finished backup; kCorrupt, its manifest cannot be read.
[[nodiscard]] Result<BackupManifest> read_manifest(const std::filesystem::path& folder);
/// Replaces the manifest durably.
[[nodiscard]] Result<void> write_manifest(const std::filesystem::path& folder, const BackupManifest& manifest);

/// 64 hexadecimal digits. Error kIo.
[[nodiscard]] Result<std::string> sha256_of_file(const std::filesystem::path& path);
/// Writes a new file, which only its owner can read, and makes it durable. Errors: kConflict, the file exists; kIo,
/// kNoSpace.
[[nodiscard]] Result<void> copy_file_durably(const std::filesystem::path& from, const std::filesystem::path& to);
/// Makes the names in a folder durable.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace tapedeck

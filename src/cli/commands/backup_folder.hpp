#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"

// A backup is a folder:
//
//   backup.json          names the database that belongs to it; written last, in one step
//   tapedeck-TIME.db     a copy of the database
//   recordings/          the recordings that it knows as stored, under their keys
//   secret.key           the key that seals its credentials, unless SECRET_KEY is set
//
// So what backup.json says holds at any moment: a backup that is interrupted leaves the one before as it was.

namespace tapedeck {

/// The file whose presence makes a folder a backup.
inline constexpr const char* kManifestFile = "backup.json";

struct BackupManifest {
  std::string database;         ///< the file's name, without a folder
  std::string database_sha256;  ///< of its bytes
  std::string made_at;          ///< RFC 3339
  std::int64_t recordings = 0;
  std::uint64_t bytes = 0;  ///< of the recordings
};

/// Error kNotFound: there is no finished backup; kCorrupt: its manifest cannot be read.
[[nodiscard]] Result<BackupManifest> read_manifest(const std::filesystem::path& folder);
/// Replaces it durably.
[[nodiscard]] Result<void> write_manifest(const std::filesystem::path& folder, const BackupManifest& manifest);

/// 64 hexadecimal digits. Error kIo.
[[nodiscard]] Result<std::string> sha256_of_file(const std::filesystem::path& path);
/// Writes a new file, for its owner alone, and makes it durable. Error kConflict: it is there; kIo, kNoSpace.
[[nodiscard]] Result<void> copy_file_durably(const std::filesystem::path& from, const std::filesystem::path& to);
/// Makes names that were given or removed in a folder durable.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace tapedeck

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret_box.hpp"
#include "blobs/filesystem/blob_store.hpp"
#include "blobs/s3/blob_store.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "calls/postgres/postgres_call_store.hpp"
#include "calls/sqlite/sqlite_call_store.hpp"
#include "curl/client.hpp"
#include "main/settings.hpp"

namespace tapedeck {

/// The database's file in DATA_DIR.
inline constexpr const char* kDatabaseFile = "tapedeck.db";
/// The folder of DATA_DIR that holds the recordings.
inline constexpr const char* kBlobFolder = "recordings";
/// The folder of DATA_DIR that holds recordings on their way to an object store.
inline constexpr const char* kSpoolFolder = "spool";

/// The settings of a business that has none of its own.
[[nodiscard]] ProviderDefaults provider_defaults(const Settings& settings);

/// The call store of the settings, SQLite in DATA_DIR or PostgreSQL, with the objects that it borrows.
struct OpenCallStore {
  std::unique_ptr<SecretBox> secrets;
  std::unique_ptr<SqliteCallStore> embedded;  ///< null: in PostgreSQL
  std::unique_ptr<PostgresCallStore> shared;

  [[nodiscard]] CallStore& store() const;
  [[nodiscard]] CallArchive& archive() const;
};

/// Whether a store may be the unfinished copy of another one (calls/copy/migration.hpp), in which rows are missing.
enum class UnfinishedCopy { kRefused, kAccepted };

/// Opens the call store of the settings; a server may have it open too. Creates DATA_DIR where it is missing. Blocks.
/// Errors: those of SqliteCallStore::open() and PostgresCallStore::open(), which say what to do; kConflict where it is
/// an unfinished copy.
[[nodiscard]] Result<OpenCallStore> open_call_store(const Settings& settings, std::string_view secret_key,
                                                    UnfinishedCopy copy = UnfinishedCopy::kRefused);

/// Opens a database file as an embedded call store. Errors: those of SqliteCallStore::open().
[[nodiscard]] Result<OpenCallStore> open_database(const std::filesystem::path& file, std::string_view secret_key);

/// The blob store of the settings: files in DATA_DIR, or objects of S3 or an equivalent.
struct OpenBlobStore {
  std::unique_ptr<FilesystemBlobStore> folder;  ///< null: in an object store
  std::unique_ptr<CurlClient> client;           ///< of `objects`
  std::unique_ptr<S3BlobStore> objects;

  [[nodiscard]] BlobStore& store() const;
};

/// Opens the blob store without asking it anything: see BlobStore::ping(). The arguments must outlive it. Error
/// kInvalidArgument: STORAGE_URL cannot be used, or its credentials are missing; kIo: DATA_DIR cannot be used.
[[nodiscard]] Result<OpenBlobStore> open_blob_store(const Settings& settings, OffloadPool& pool, Clock& clock,
                                                    Random& random);

/// The origin of links to the object store of the settings, "https://recordings.s3.eu-west-1.amazonaws.com". Empty
/// without STORAGE_URL.
[[nodiscard]] std::optional<std::string> storage_origin(const Settings& settings);

}  // namespace tapedeck

#include "cli/commands/backup_stores.hpp"

#include <fmt/format.h>

namespace tapedeck {

Result<void> expect_embedded(const Settings& settings, std::string_view command) {
  if (settings.database_url.empty() && settings.storage_url.empty()) return {};
  return fail(
      Errc::kInvalidArgument,
      fmt::format("tapedeck {} is for a database and recordings in DATA_DIR: without DATABASE_URL and STORAGE_URL. "
                  "PostgreSQL has pg_dump and standbys, object stores have versions and replication",
                  command));
}

Result<void> expect_database(const std::filesystem::path& data_dir) {
  std::error_code ignored;
  if (std::filesystem::exists(data_dir / kDatabaseFile, ignored)) return {};
  return fail(Errc::kNotFound,
              fmt::format("{}: there is no {} in it; is DATA_DIR right?", data_dir.string(), kDatabaseFile));
}

}  // namespace tapedeck

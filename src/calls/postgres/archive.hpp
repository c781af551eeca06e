#pragma once

#include <optional>
#include <string>
#include <vector>

#include "calls/ports/call_archive.hpp"
#include "calls/postgres/database.hpp"

// CallArchive's functions, on one connection and within the caller's transaction. They throw StorageFailure.
namespace tapedeck::postgres {

[[nodiscard]] Result<std::vector<ArchiveRow>> archive_page(Database& database, ArchiveTable table,
                                                           const ArchiveValue& after, int limit);
[[nodiscard]] Result<std::int64_t> archive_count(Database& database, ArchiveTable table);
[[nodiscard]] Result<void> archive_put(Database& database, ArchiveTable table, const std::vector<ArchiveRow>& rows);
[[nodiscard]] Result<void> archive_remove(Database& database, ArchiveTable table,
                                          const std::vector<ArchiveValue>& keys);
[[nodiscard]] Result<std::optional<std::int64_t>> archive_label(Database& database, const std::string& name);
[[nodiscard]] Result<void> put_archive_label(Database& database, const std::string& name,
                                             std::optional<std::int64_t> value);
[[nodiscard]] Result<void> finish_archive(Database& database);
[[nodiscard]] Result<std::int64_t> archive_users(Database& database);

}  // namespace tapedeck::postgres

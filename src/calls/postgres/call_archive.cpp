#include "calls/postgres/archive.hpp"
#include "calls/postgres/postgres_call_store.hpp"

// PostgresCallStore as a CallArchive; see postgres_call_store.cpp for the manner.

namespace tapedeck {

using postgres::Database;
using postgres::run_on;

Task<Result<std::vector<ArchiveRow>>> PostgresCallStore::archive_page(ArchiveTable table, ArchiveValue after,
                                                                      int limit) {
  return run_on(reads_, [table, after = std::move(after), limit](Database& database) {
    return postgres::archive_page(database, table, after, limit);
  });
}

Task<Result<std::int64_t>> PostgresCallStore::archive_count(ArchiveTable table) {
  return run_on(reads_, [table](Database& database) { return postgres::archive_count(database, table); });
}

Task<Result<void>> PostgresCallStore::archive_put(ArchiveTable table, std::vector<ArchiveRow> rows) {
  return run_on(changes_, [table, rows = std::move(rows)](Database& database) {
    return postgres::archive_put(database, table, rows);
  });
}

Task<Result<void>> PostgresCallStore::archive_remove(ArchiveTable table, std::vector<ArchiveValue> keys) {
  return run_on(changes_, [table, keys = std::move(keys)](Database& database) {
    return postgres::archive_remove(database, table, keys);
  });
}

Task<Result<std::optional<std::int64_t>>> PostgresCallStore::archive_label(std::string name) {
  return run_on(reads_,
                [name = std::move(name)](Database& database) { return postgres::archive_label(database, name); });
}

Task<Result<void>> PostgresCallStore::put_archive_label(std::string name, std::optional<std::int64_t> value) {
  return run_on(changes_, [name = std::move(name), value](Database& database) {
    return postgres::put_archive_label(database, name, value);
  });
}

Task<Result<void>> PostgresCallStore::finish_archive() {
  return run_on(changes_, [](Database& database) { return postgres::finish_archive(database); });
}

Task<Result<std::int64_t>> PostgresCallStore::archive_users() {
  return run_on(reads_, [](Database& database) { return postgres::archive_users(database); });
}

}  // namespace tapedeck

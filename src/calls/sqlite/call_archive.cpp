#include "calls/sqlite/archive.hpp"
#include "calls/sqlite/sqlite_call_store.hpp"

// SqliteCallStore as a CallArchive; see sqlite_call_store.cpp for the manner.

namespace tapedeck {

using sqlite::Database;
using sqlite::read;
using sqlite::write;

Task<Result<std::vector<ArchiveRow>>> SqliteCallStore::archive_page(ArchiveTable table, ArchiveValue after, int limit) {
  return read(reads_, [table, after = std::move(after), limit](Database& database) {
    return sqlite::archive_page(database, table, after, limit);
  });
}

Task<Result<std::int64_t>> SqliteCallStore::archive_count(ArchiveTable table) {
  return read(reads_, [table](Database& database) { return sqlite::archive_count(database, table); });
}

Task<Result<void>> SqliteCallStore::archive_put(ArchiveTable table, std::vector<ArchiveRow> rows) {
  return write(writes_, [table, rows = std::move(rows)](Database& database) {
    return sqlite::archive_put(database, table, rows);
  });
}

Task<Result<void>> SqliteCallStore::archive_remove(ArchiveTable table, std::vector<ArchiveValue> keys) {
  return write(writes_, [table, keys = std::move(keys)](Database& database) {
    return sqlite::archive_remove(database, table, keys);
  });
}

Task<Result<std::optional<std::int64_t>>> SqliteCallStore::archive_label(std::string name) {
  return read(reads_, [name = std::move(name)](Database& database) { return sqlite::archive_label(database, name); });
}

Task<Result<void>> SqliteCallStore::put_archive_label(std::string name, std::optional<std::int64_t> value) {
  return write(writes_, [name = std::move(name), value](Database& database) {
    return sqlite::put_archive_label(database, name, value);
  });
}

Task<Result<void>> SqliteCallStore::finish_archive() {
  return write(writes_, [](Database& database) { return sqlite::finish_archive(database); });
}

Task<Result<std::int64_t>> SqliteCallStore::archive_users() {
  co_return std::int64_t{0};  // whoever has a DATA_DIR holds its lock
}

}  // namespace tapedeck

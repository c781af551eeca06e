#include "calls/sqlite/archive.hpp"

#include <array>

#include "base/fixed_text.hpp"

namespace tapedeck::sqlite {
namespace {

constexpr std::string parameter_list(std::size_t count) {
  std::string list;
  for (std::size_t i = 1; i <= count; ++i) {
    if (i > 1) list += ", ";
    list += '?';
    if (i >= 10) list += static_cast<char>('0' + i / 10);
    list += static_cast<char>('0' + i % 10);
  }
  return list;
}

constexpr std::string key_of(ArchiveTable table) { return std::string(archive_shape(table).columns.front().name); }
constexpr std::string name_of(ArchiveTable table) { return std::string(archive_shape(table).name); }

template <ArchiveTable table>
constexpr std::string page_text() {
  return "SELECT " + archive_column_list(table) + " FROM " + name_of(table) + " WHERE " + key_of(table) +
         " > ?1 ORDER BY " + key_of(table) + " LIMIT ?2";
}
template <ArchiveTable table>
constexpr std::string count_text() {
  return "SELECT count(*) FROM " + name_of(table);
}
template <ArchiveTable table>
constexpr std::string put_text() {
  static_assert(archive_shape(table).columns.size() < 100, "parameter_list() writes two digits");
  return "INSERT INTO " + name_of(table) + " (" + archive_column_list(table) + ") VALUES (" +
         parameter_list(archive_shape(table).columns.size()) + ")" + archive_replace_clause(table);
}
template <ArchiveTable table>
constexpr std::string remove_text() {
  return "DELETE FROM " + name_of(table) + " WHERE " + key_of(table) + " = ?1";
}

struct Statements {
  Sql page;
  Sql count;
  Sql put;
  Sql remove;
};

template <ArchiveTable table>
constexpr Statements kStatements{
    Sql(FixedText<&page_text<table>>::kText.data()), Sql(FixedText<&count_text<table>>::kText.data()),
    Sql(FixedText<&put_text<table>>::kText.data()), Sql(FixedText<&remove_text<table>>::kText.data())};

const Statements& statements(ArchiveTable table) {
  switch (table) {
    case ArchiveTable::kBusinesses:
      return kStatements<ArchiveTable::kBusinesses>;
    case ArchiveTable::kCalls:
      return kStatements<ArchiveTable::kCalls>;
    case ArchiveTable::kImports:
      return kStatements<ArchiveTable::kImports>;
    case ArchiveTable::kRecordings:
      return kStatements<ArchiveTable::kRecordings>;
    case ArchiveTable::kApiKeys:
      return kStatements<ArchiveTable::kApiKeys>;
    case ArchiveTable::kAudit:
      return kStatements<ArchiveTable::kAudit>;
  }
  return kStatements<ArchiveTable::kAudit>;
}

ArchiveValue value_of(const Statement& row, int column, ArchiveKind kind) {
  if (row.is_null(column)) return {};
  if (kind == ArchiveKind::kText) return row.text(column);
  return row.integer(column);
}

}  // namespace

Result<std::vector<ArchiveRow>> archive_page(Database& database, ArchiveTable table, const ArchiveValue& after,
                                             int limit) {
  const auto columns = archive_shape(table).columns;
  std::vector<ArchiveRow> rows;
  Statement found = database.query(statements(table).page, after, limit);
  while (found.step()) {
    ArchiveRow& row = rows.emplace_back();
    row.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row.push_back(value_of(found, static_cast<int>(i), columns[i].kind));
    }
  }
  return rows;
}

Result<std::int64_t> archive_count(Database& database, ArchiveTable table) {
  Statement count = database.query(statements(table).count);
  return count.step() ? count.integer(0) : 0;
}

Result<void> archive_put(Database& database, ArchiveTable table, const std::vector<ArchiveRow>& rows) {
  for (const ArchiveRow& row : rows) database.query_each(statements(table).put, row).run();
  return {};
}

Result<void> archive_remove(Database& database, ArchiveTable table, const std::vector<ArchiveValue>& keys) {
  for (const ArchiveValue& key : keys) database.run(statements(table).remove, key);
  return {};
}

Result<std::optional<std::int64_t>> archive_label(Database& database, const std::string& name) {
  Statement label = database.query("SELECT value FROM meta WHERE key = ?1", name);
  if (!label.step()) return std::nullopt;
  return label.integer(0);
}

Result<void> put_archive_label(Database& database, const std::string& name, std::optional<std::int64_t> value) {
  if (!value) {
    database.run("DELETE FROM meta WHERE key = ?1", name);
    return {};
  }
  database.run("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
               name, *value);
  return {};
}

// SQLite numbers rows, and places in the order of asking, from the greatest that is there.
Result<void> finish_archive(Database& database) {
  database.run("UPDATE OR REPLACE meta SET key = ?1 WHERE key = ?2", kCopiedLabel, kCopyOfLabel);
  return {};
}

}  // namespace tapedeck::sqlite

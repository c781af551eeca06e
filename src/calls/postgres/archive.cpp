#include "calls/postgres/archive.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/fixed_text.hpp"

// Rows come as one JSON text, which json_populate_recordset() gives the types of the table: one statement and one
// answer for a batch, whatever its columns are.

namespace tapedeck::postgres {
namespace {

constexpr std::string key_of(ArchiveTable table) { return std::string(archive_shape(table).columns.front().name); }
constexpr std::string name_of(ArchiveTable table) { return std::string(archive_shape(table).name); }

template <ArchiveTable table>
constexpr std::string page_text() {
  return "SELECT " + archive_column_list(table) + " FROM " + name_of(table) + " WHERE " + key_of(table) +
         " > $1 ORDER BY " + key_of(table) + " LIMIT $2";
}
template <ArchiveTable table>
constexpr std::string count_text() {
  return "SELECT count(*) FROM " + name_of(table);
}
template <ArchiveTable table>
constexpr std::string put_text() {
  return "INSERT INTO " + name_of(table) + " (" + archive_column_list(table) + ") OVERRIDING SYSTEM VALUE SELECT " +
         archive_column_list(table) + " FROM json_populate_recordset(NULL::" + name_of(table) + ", $1::json)" +
         archive_replace_clause(table);
}
template <ArchiveTable table>
constexpr std::string remove_text() {
  return "DELETE FROM " + name_of(table) + " WHERE " + key_of(table) + " = ANY($1)";
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

ArchiveValue value_of(const Row& row, int column, ArchiveKind kind) {
  if (row.is_null(column)) return {};
  switch (kind) {
    case ArchiveKind::kInteger:
      return row.integer(column);
    case ArchiveKind::kBoolean:
      return std::int64_t{row.boolean(column) ? 1 : 0};
    case ArchiveKind::kText:
      break;
  }
  return row.text(column);
}

boost::json::value json_of(const ArchiveValue& value, ArchiveKind kind) {
  if (const auto* text = std::get_if<std::string>(&value)) return boost::json::value(*text);
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr) return nullptr;
  if (kind == ArchiveKind::kBoolean) return *number != 0;
  return *number;
}

ResultRows page_of(Database& database, ArchiveTable table, const ArchiveValue& after, int limit) {
  if (const auto* text = std::get_if<std::string>(&after)) {
    return database.query(statements(table).page, *text, limit);
  }
  return database.query(statements(table).page, std::get<std::int64_t>(after), limit);
}

template <class T>
void remove_keys(Database& database, ArchiveTable table, const std::vector<ArchiveValue>& keys) {
  std::vector<T> values;
  for (const ArchiveValue& key : keys) values.push_back(std::get<T>(key));
  (void)database.run(statements(table).remove, values);
}

}  // namespace

Result<std::vector<ArchiveRow>> archive_page(Database& database, ArchiveTable table, const ArchiveValue& after,
                                             int limit) {
  const auto columns = archive_shape(table).columns;
  std::vector<ArchiveRow> rows;
  const ResultRows found = page_of(database, table, after, limit);
  for (const Row row : found) {
    ArchiveRow& values = rows.emplace_back();
    values.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      values.push_back(value_of(row, static_cast<int>(i), columns[i].kind));
    }
  }
  return rows;
}

Result<std::int64_t> archive_count(Database& database, ArchiveTable table) {
  return database.query(statements(table).count).front().integer(0);
}

Result<void> archive_put(Database& database, ArchiveTable table, const std::vector<ArchiveRow>& rows) {
  const auto columns = archive_shape(table).columns;
  boost::json::array all;
  for (const ArchiveRow& row : rows) {
    boost::json::object& object = all.emplace_back(boost::json::object()).get_object();
    for (std::size_t i = 0; i < columns.size(); ++i) object.emplace(columns[i].name, json_of(row[i], columns[i].kind));
  }
  (void)database.run(statements(table).put, boost::json::serialize(all));
  return {};
}

Result<void> archive_remove(Database& database, ArchiveTable table, const std::vector<ArchiveValue>& keys) {
  if (archive_shape(table).columns.front().kind == ArchiveKind::kText) {
    remove_keys<std::string>(database, table, keys);
  } else {
    remove_keys<std::int64_t>(database, table, keys);
  }
  return {};
}

Result<std::optional<std::int64_t>> archive_label(Database& database, const std::string& name) {
  const ResultRows rows = database.query("SELECT value FROM meta WHERE key = $1", name);
  if (rows.empty()) return std::nullopt;
  return rows.front().integer(0);
}

Result<void> put_archive_label(Database& database, const std::string& name, std::optional<std::int64_t> value) {
  (void)database.run("DELETE FROM meta WHERE key = $1", name);
  if (value) (void)database.run("INSERT INTO meta (key, value) VALUES ($1, $2)", name, *value);
  return {};
}

// Places in the order of asking are compared among those that wait, so the sequence goes on from their last one.
Result<void> finish_archive(Database& database) {
  (void)database.query(
      "SELECT setval(pg_get_serial_sequence('calls', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM calls), false),"
      " setval(pg_get_serial_sequence('recordings', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM recordings), false),"
      " setval(pg_get_serial_sequence('imports', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM imports), false),"
      " setval(pg_get_serial_sequence('api_keys', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM api_keys), false),"
      " setval(pg_get_serial_sequence('audit', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM audit), false),"
      " setval('wanted_orders', (SELECT coalesce(max(wanted_order), 0) + 1 FROM recordings"
      " WHERE state IN ('queued', 'processing')), false)");
  const ResultRows copied = database.query("SELECT value FROM meta WHERE key = $1", kCopyOfLabel);
  if (copied.empty()) return {};
  (void)put_archive_label(database, kCopiedLabel, copied.front().integer(0));
  (void)put_archive_label(database, kCopyOfLabel, std::nullopt);
  return {};
}

// Of this user, so that what each session is called can be seen. Whoever looks with psql, or copies, changes nothing.
Result<std::int64_t> archive_users(Database& database) {
  return database
      .query(
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
          " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
          " AND application_name NOT IN ('tapedeck migrate', 'psql', 'pg_dump')")
      .front()
      .integer(0);
}

}  // namespace tapedeck::postgres

#include <array>

#include <fmt/format.h>

#include "calls/sql/functions.hpp"
#include "calls/sql/row_insert.hpp"
#include "calls/sql/rows.hpp"

namespace tapedeck::sql {
namespace {

// "id, name, hash"
std::string column_list(const ArchiveShape& shape) {
  std::string list;
  for (const ArchiveColumn& column : shape.columns) list.append(list.empty() ? "" : ", ").append(column.name);
  return list;
}

// " ON CONFLICT (id) DO UPDATE SET name = excluded.name, …"
std::string replace_clause(const ArchiveShape& shape) {
  std::string sets;
  for (const ArchiveColumn& column : shape.columns.subspan(1)) {
    sets += fmt::format("{}{} = excluded.{}", sets.empty() ? "" : ", ", column.name, column.name);
  }
  return fmt::format(" ON CONFLICT ({}) DO UPDATE SET {}", shape.columns.front().name, sets);
}

struct Statements {
  explicit Statements(ArchiveTable table)
      : Statements(archive_shape(table), archive_shape(table).columns.front().name) {}

  std::string page;
  std::string count;
  std::string remove;
  RowInsert put;

 private:
  Statements(const ArchiveShape& shape, std::string_view key)
      : page(fmt::format("SELECT {0} FROM {1} WHERE {2} > ?1 ORDER BY {2} LIMIT ?2", column_list(shape), shape.name,
                         key)),
        count(fmt::format("SELECT count(*) FROM {}", shape.name)),
        remove(fmt::format("DELETE FROM {} WHERE {} {{among ?1}}", shape.name, key)),
        put(shape.name, shape.columns, replace_clause(shape)) {}
};

const Statements& statements(ArchiveTable table) {
  using enum ArchiveTable;
  static const std::array all{Statements(kBusinesses), Statements(kCalls),   Statements(kImports),
                              Statements(kRecordings), Statements(kApiKeys), Statements(kAudit)};
  return all.at(static_cast<std::size_t>(table));
}

ArchiveValue value_of(const Rows& row, int column, ArchiveKind kind) {
  if (row.is_null(column)) return {};
  switch (kind) {
    case ArchiveKind::kInteger: return row.integer(column);
    case ArchiveKind::kBoolean: return std::int64_t{row.boolean(column) ? 1 : 0};
    case ArchiveKind::kText: break;
  }
  return row.text(column);
}

template <class T>
void remove_keys(Session& session, ArchiveTable table, const std::vector<ArchiveValue>& keys) {
  std::vector<T> values;
  for (const ArchiveValue& key : keys) values.push_back(std::get<T>(key));
  session.run(Sql::composed(statements(table).remove), values);
}

}  // namespace

Result<std::vector<ArchiveRow>> archive_page(Session& session, ArchiveTable table, const ArchiveValue& after,
                                             int limit) {
  const Sql sql = Sql::composed(statements(table).page);
  const auto* text = std::get_if<std::string>(&after);
  Rows found =
      text != nullptr ? session.query(sql, *text, limit) : session.query(sql, std::get<std::int64_t>(after), limit);
  const auto columns = archive_shape(table).columns;
  std::vector<ArchiveRow> rows;
  while (found.next()) {
    ArchiveRow& row = rows.emplace_back();
    row.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row.push_back(value_of(found, static_cast<int>(i), columns[i].kind));
    }
  }
  return rows;
}

Result<std::int64_t> archive_count(Session& session, ArchiveTable table) {
  Rows count = session.query(Sql::composed(statements(table).count));
  return count.next() ? count.integer(0) : 0;
}

Result<void> archive_put(Session& session, ArchiveTable table, const std::vector<ArchiveRow>& rows) {
  statements(table).put.run(session, rows);
  return {};
}

Result<void> archive_remove(Session& session, ArchiveTable table, const std::vector<ArchiveValue>& keys) {
  if (archive_shape(table).columns.front().kind == ArchiveKind::kText) {
    remove_keys<std::string>(session, table, keys);
  } else {
    remove_keys<std::int64_t>(session, table, keys);
  }
  return {};
}

Result<std::optional<std::int64_t>> archive_label(Session& session, const std::string& name) {
  Rows label = session.query("SELECT value FROM meta WHERE key = ?1", name);
  if (!label.next()) return std::nullopt;
  return label.integer(0);
}

Result<void> put_archive_label(Session& session, const std::string& name, std::optional<std::int64_t> value) {
  session.run("DELETE FROM meta WHERE key = ?1", name);
  if (value) session.run("INSERT INTO meta (key, value) VALUES (?1, ?2)", name, *value);
  return {};
}

Result<void> finish_archive(Session& session) {
  const auto copied = archive_label(session, kCopyOfLabel);
  if (!copied) return fail(copied.error());
  if (!*copied) return {};
  (void)put_archive_label(session, kCopiedLabel, *copied);
  return put_archive_label(session, kCopyOfLabel, std::nullopt);
}

}  // namespace tapedeck::sql

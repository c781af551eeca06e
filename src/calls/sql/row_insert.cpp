#include "calls/sql/row_insert.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace tapedeck::sql {
namespace {

boost::json::value json_value(const ArchiveValue& value, ArchiveKind kind) {
  if (const auto* text = std::get_if<std::string>(&value)) return boost::json::value(*text);
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr) return nullptr;
  if (kind == ArchiveKind::kBoolean) return *number != 0;
  return *number;
}

Parameter parameter_of(const ArchiveValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return to_parameter(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return to_parameter(*number);
  return to_parameter(std::optional<std::string>());
}

}  // namespace

RowInsert::RowInsert(std::string_view table, std::span<const ArchiveColumn> columns, std::string_view conflict_clause)
    : columns_(columns) {
  std::string names;
  std::string places;
  for (const ArchiveColumn& column : columns) {
    const std::string_view comma = names.empty() ? "" : ", ";
    names.append(comma).append(column.name);
    places.append(comma).append("?");
  }
  of_values_ = fmt::format("INSERT INTO {} ({}) VALUES ({}){}", table, names, places, conflict_clause);
  // PostgreSQL's function gives the values of the text the types of the table.
  of_json_ = fmt::format(
      "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM json_populate_recordset(NULL::{0}, ?1::json){2}",
      table, names, conflict_clause);
}

void RowInsert::run(Session& session, const std::vector<ArchiveRow>& rows) const {
  if (rows.empty()) return;
  if (session.dialect().inserts_json) {
    session.run(Sql::composed(of_json_), json_of(rows));
    return;
  }
  std::vector<Parameter> parameters;
  for (const ArchiveRow& row : rows) {
    parameters.clear();
    for (const ArchiveValue& value : row) parameters.push_back(parameter_of(value));
    session.change(Sql::composed(of_values_), parameters);
  }
}

std::string RowInsert::json_of(const std::vector<ArchiveRow>& rows) const {
  boost::json::array all;
  for (const ArchiveRow& row : rows) {
    boost::json::object& object = all.emplace_back(boost::json::object()).get_object();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      object.emplace(columns_[i].name, json_value(row[i], columns_[i].kind));
    }
  }
  return boost::json::serialize(all);
}

}  // namespace tapedeck::sql

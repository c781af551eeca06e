#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "calls/ports/call_archive.hpp"
#include "calls/sql/session.hpp"

namespace tapedeck::sql {

/// An INSERT of any number of rows. To be kept until the program ends: see Sql::composed().
class RowInsert {
 public:
  /// `conflict_clause` ends the statement; may be empty.
  RowInsert(std::string_view table, std::span<const ArchiveColumn> columns, std::string_view conflict_clause);

  /// Each row has its values in the order of the columns. With one statement where the dialect inserts from a JSON
  /// text, else row by row.
  void run(Session& session, const std::vector<ArchiveRow>& rows) const;

 private:
  [[nodiscard]] std::string json_of(const std::vector<ArchiveRow>& rows) const;

  std::span<const ArchiveColumn> columns_;
  std::string of_values_;
  std::string of_json_;
};

}  // namespace tapedeck::sql

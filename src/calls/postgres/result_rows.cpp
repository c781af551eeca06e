#include "calls/postgres/result_rows.hpp"

#include <charconv>
#include <string_view>

#include <libpq-fe.h>

#include "calls/postgres/failure.hpp"

namespace tapedeck::postgres {
namespace {

std::string_view view(const pg_result* result, int row, int column) {
  return {::PQgetvalue(result, row, column), static_cast<std::size_t>(::PQgetlength(result, row, column))};
}

}  // namespace

void ClearResult::operator()(pg_result* handle) const noexcept { ::PQclear(handle); }

bool Row::is_null(int column) const { return ::PQgetisnull(result_, number_, column) != 0; }

std::int64_t Row::integer(int column) const {
  if (is_null(column)) return 0;
  const std::string_view text = view(result_, number_, column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw StorageFailure(Remedy::kNone, Error(Errc::kCorrupt, "a damaged row: a number was expected in it"));
  }
  return value;
}

std::string Row::text(int column) const { return std::string(view(result_, number_, column)); }

bool Row::boolean(int column) const { return view(result_, number_, column) == "t"; }

int ResultRows::size() const { return ::PQntuples(result_.get()); }

}  // namespace tapedeck::postgres

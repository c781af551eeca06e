#include "calls/postgres/call_list.hpp"

#include "calls/search_text.hpp"
#include "calls/sql/call_rows.hpp"

// The list of calls, newest first. One statement, so that a page and its recordings are of one moment.
//
// Without a search PostgreSQL walks down calls_by_time from the cursor, and reads one row more than the page holds,
// however many calls there are. With a search it has two ways: the same walk, past what does not match; or everything
// that matches, from calls_by_text, sorted. The first is quick for frequent words, the second for rare ones, and
// PostgreSQL estimates which a word is. So a search is planned for its own words (query_once), and conditions that a
// query does not have are left out instead of being bound to nothing. A search of fewer than three letters or digits
// has no trigram; then only the walk is left, and statement_timeout ends one that finds nothing for too long.

// A page of calls, its conditions after ?1 business, ?2 and ?3 cursor, ?4 since, ?5 limit; and for each its first
// recording that is not deleted, or its first one. The first goes by its call's SID, which makes it one look-up.
#define TAPEDECK_CALL_PAGE(CONDITIONS)                                                                         \
  "SELECT page.*, shown.* FROM (SELECT " TAPEDECK_CALL_COLUMNS                                                 \
  " FROM calls WHERE business_id = ?1 AND (started_at, id) < (?2, ?3) AND started_at >= ?4" CONDITIONS         \
  " ORDER BY started_at DESC, id DESC LIMIT ?5) AS page LEFT JOIN LATERAL (SELECT " TAPEDECK_RECORDING_COLUMNS \
  " FROM (SELECT * FROM recordings WHERE business_id = page.business_id AND sid = page.call_sid"               \
  " UNION ALL SELECT * FROM recordings WHERE business_id = page.business_id AND call_sid = page.call_sid"      \
  " AND sid <> call_sid) AS of_call ORDER BY (state = 'deleted'), id LIMIT 1) AS shown ON true"                \
  " ORDER BY page.started_at DESC, page.id DESC"

namespace tapedeck::postgres {
namespace {

Call read_listed(const Rows& row) {
  Call call = sql::read_call(row);
  if (!row.is_null(sql::kCallColumns)) call.recording = sql::read_recording(row, sql::kCallColumns);
  return call;
}

// A pattern for LIKE that is found wherever `needle` is.
std::string pattern_of(std::string_view needle) {
  std::string pattern = "%";
  for (const char c : needle) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

Rows rows_of(Database& database, const sql::CallPageBounds& at, const SearchNeedles& needles,
             std::string_view direction) {
  const auto page = [&](Sql sql, const auto&... more) {
    return database.query_once(sql, at.business, at.before.started_at, at.before.row_id, at.since, at.rows, more...);
  };
  const bool has_direction = !direction.empty();
  if (needles.text.empty()) {
    if (!has_direction) return page(TAPEDECK_CALL_PAGE(""));
    return page(TAPEDECK_CALL_PAGE(" AND direction = ?6"), direction);
  }
  // Where a number is found as it was written, its digits are found too: to look for them alone halves the work.
  const std::string pattern = pattern_of(needles.digits.empty() ? needles.text : needles.digits);
  if (!has_direction) return page(TAPEDECK_CALL_PAGE(" AND search_text LIKE ?6"), pattern);
  return page(TAPEDECK_CALL_PAGE(" AND search_text LIKE ?6 AND direction = ?7"), pattern, direction);
}

}  // namespace

Result<CallPage> list_calls(Database& database, const BusinessId& business, const CallQuery& query) {
  const auto bounds = sql::CallPageBounds::of(business, query);
  std::string_view direction;
  if (query.direction) direction = direction_name(*query.direction);
  std::vector<Call> calls;
  Rows rows = rows_of(database, bounds, search_needles(query.search), direction);
  while (rows.next()) calls.push_back(read_listed(rows));
  return sql::page_of(std::move(calls), bounds);
}

}  // namespace tapedeck::postgres

// The list of calls, newest first: one statement, so that a page and its recordings are of one moment.
//
// Without a search PostgreSQL walks down calls_by_time from the cursor, and reads one row more than the page holds,
// however many calls there are. With one it has two ways: the same walk, past what does not match; or all that matches,
// from calls_by_text, sorted. The first is quick for what is frequent, the second for what is rare, and it estimates
// which is which: so a search is planned for its own words (query_once), and the conditions that a query does not have
// are left out instead of being bound to nothing. A search of fewer than three letters or digits has no trigram, so
// only the walk is left, and statement_timeout ends one that finds nothing for too long.

#include <algorithm>
#include <limits>

#include "calls/postgres/calls.hpp"
#include "calls/postgres/rows.hpp"
#include "calls/search_text.hpp"

#define TAPEDECK_CALL_COLUMNS "id, business_id, call_sid, from_party, to_party, direction, started_at, duration_seconds"

// A page of calls, its conditions after $1 business, $2 and $3 cursor, $4 since, $5 limit; and for each its first
// recording that is not deleted, or its first one. The first goes by its call's SID, which makes it one look-up.
#define TAPEDECK_CALL_PAGE(CONDITIONS)                                                                         \
  "SELECT page.*, shown.* FROM (SELECT " TAPEDECK_CALL_COLUMNS                                                 \
  " FROM calls WHERE business_id = $1 AND (started_at, id) < ($2, $3) AND started_at >= $4" CONDITIONS         \
  " ORDER BY started_at DESC, id DESC LIMIT $5) AS page LEFT JOIN LATERAL (SELECT " TAPEDECK_RECORDING_COLUMNS \
  " FROM (SELECT * FROM recordings WHERE business_id = page.business_id AND sid = page.call_sid"               \
  " UNION ALL SELECT * FROM recordings WHERE business_id = page.business_id AND call_sid = page.call_sid"      \
  " AND sid <> call_sid) AS of_call ORDER BY (state = 'deleted'), id LIMIT 1) AS shown ON true"                \
  " ORDER BY page.started_at DESC, page.id DESC"

namespace tapedeck::postgres {
namespace {

constexpr int kCallColumns = 8;

Call read_call_alone(const Row& row) {
  Call call;
  call.row_id = row.integer(0);
  call.business = read_id<BusinessId>(row, 1);
  call.sid = read_id<CallSid>(row, 2);
  call.from = row.text(3);
  call.to = row.text(4);
  if (!row.is_null(5)) call.direction = read_name(row, 5, parse_direction);
  call.started_at = row.time(6);
  call.duration_seconds = read_int(row, 7);
  return call;
}

Call read_call(const Row& row) {
  Call call = read_call_alone(row);
  if (!row.is_null(kCallColumns)) call.recording = read_recording(row, kCallColumns);
  return call;
}

// The first place that is not listed any more: the cursor, or what `until` excludes.
CallCursor upper_bound(const CallQuery& query) {
  CallCursor bound{SystemTime::max(), std::numeric_limits<std::int64_t>::max()};
  if (query.cursor) bound = *query.cursor;
  if (query.until && *query.until <= bound.started_at) bound = CallCursor{*query.until, 0};
  return bound;
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

// What every page is bound to.
struct Bounds {
  BusinessId business;
  CallCursor before;
  SystemTime since;
  int rows;
};

ResultRows page_of(Database& database, const Bounds& at, const SearchNeedles& needles, std::string_view direction) {
  const auto page = [&](Sql sql, const auto&... more) {
    return database.query_once(sql, at.business, at.before.started_at, at.before.row_id, at.since, at.rows, more...);
  };
  const bool has_direction = !direction.empty();
  if (needles.text.empty()) {
    if (!has_direction) return page(TAPEDECK_CALL_PAGE(""));
    return page(TAPEDECK_CALL_PAGE(" AND direction = $6"), direction);
  }
  // Where a number is found as it was written, its digits are found too: to look for them alone halves the work.
  const std::string pattern = pattern_of(needles.digits.empty() ? needles.text : needles.digits);
  if (!has_direction) return page(TAPEDECK_CALL_PAGE(" AND search_text LIKE $6"), pattern);
  return page(TAPEDECK_CALL_PAGE(" AND search_text LIKE $6 AND direction = $7"), pattern, direction);
}

}  // namespace

Result<std::optional<Call>> find_call(Database& database, const BusinessId& business, const CallSid& call) {
  const ResultRows rows = database.query(
      "SELECT " TAPEDECK_CALL_COLUMNS " FROM calls WHERE business_id = $1 AND call_sid = $2", business, call);
  if (rows.empty()) return std::nullopt;
  return read_call_alone(rows.front());
}

Result<CallPage> list_calls(Database& database, const BusinessId& business, const CallQuery& query) {
  const int limit = std::clamp(query.limit, 1, kCallPageMax);
  // One row more than the page holds tells whether there is a next one.
  const Bounds bounds{business, upper_bound(query), query.since.value_or(SystemTime::min()), limit + 1};
  std::string_view direction;
  if (query.direction) direction = direction_name(*query.direction);
  const ResultRows rows = page_of(database, bounds, search_needles(query.search), direction);
  CallPage page;
  for (const Row row : rows) {
    if (std::ssize(page.calls) == limit) {
      page.next = CallCursor{*page.calls.back().started_at, page.calls.back().row_id};
      break;
    }
    page.calls.push_back(read_call(row));
  }
  return page;
}

}  // namespace tapedeck::postgres

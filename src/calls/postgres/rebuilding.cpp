#include "calls/postgres/rebuilding.hpp"

#include <array>

#include "calls/postgres/rows.hpp"

#define TAPEDECK_WAITING_COLUMNS "business_id, sid, lane, state, wanted_order, retry_at, cause_code, cause_detail"

namespace tapedeck::postgres {
namespace {

std::vector<WaitingRecording> read_waiting(const ResultRows& rows) {
  std::vector<WaitingRecording> found;
  for (const Row row : rows) {
    WaitingRecording waits;
    waits.business = read_id<BusinessId>(row, 0);
    waits.sid = read_id<Sid>(row, 1);
    waits.lane = read_name(row, 2, parse_lane);
    waits.state = read_name(row, 3, parse_state);
    waits.wanted_order = row.integer(4);
    waits.retry_at = read_time(row, 5);
    if (!row.is_null(6)) waits.cause = Cause{row.text(6), row.text(7)};
    found.push_back(std::move(waits));
  }
  return found;
}

}  // namespace

// A place in the order is given before its row is committed, so a row may appear behind a reader who has passed its
// place. It is of a press whose answer is not out yet, and which asks for its slot by itself afterwards.
Result<std::vector<WaitingRecording>> waiting(Database& database, std::int64_t after, int limit) {
  return read_waiting(
      database.query("SELECT " TAPEDECK_WAITING_COLUMNS " FROM recordings"
                     " WHERE state IN ('queued', 'processing') AND wanted_order > $1 ORDER BY wanted_order LIMIT $2",
                     after, limit));
}

Result<std::vector<WaitingRecording>> waiting_of(Database& database, const BusinessId& business, std::int64_t after,
                                                 int limit) {
  return read_waiting(database.query("SELECT " TAPEDECK_WAITING_COLUMNS
                                     " FROM recordings WHERE business_id = $1 AND state IN ('queued', 'processing')"
                                     " AND wanted_order > $2 ORDER BY wanted_order LIMIT $3",
                                     business, after, limit));
}

Result<std::vector<Sid>> waiting_fetches(Database& database, const BusinessId& business, SystemTime now, int limit) {
  std::vector<Sid> found;
  const ResultRows rows = database.query(
      "SELECT sid FROM recordings WHERE business_id = $1 AND state IN ('queued', 'processing') AND state = 'queued'"
      " AND lane = 'fetch' AND (retry_at IS NULL OR retry_at <= $2) ORDER BY wanted_order LIMIT $3",
      business, now, limit);
  for (const Row row : rows) found.push_back(read_id<Sid>(row, 0));
  return found;
}

Result<std::vector<BacklogLine>> backlog(Database& database, SystemTime now) {
  constexpr std::array kReasons{BacklogReason::kRunning, BacklogReason::kSlot, BacklogReason::kPaused,
                                BacklogReason::kRetry};
  std::vector<BacklogLine> lines;
  const ResultRows rows = database.query(
      "SELECT lane, CASE WHEN state = 'processing' THEN 0 WHEN retry_at > $1 THEN 3 WHEN paused THEN 2 ELSE 1 END,"
      " count(*), min(wanted_at) FROM recordings JOIN businesses ON businesses.id = business_id"
      " WHERE state IN ('queued', 'processing') GROUP BY 1, 2",
      now);
  for (const Row row : rows) {
    const BacklogReason reason = kReasons.at(static_cast<std::size_t>(row.integer(1)));
    lines.push_back({read_name(row, 0, parse_lane), reason, row.integer(2), read_time(row, 3).value_or(now)});
  }
  return lines;
}

Result<std::vector<BusinessId>> businesses_at_work(Database& database) {
  std::vector<BusinessId> found;
  const ResultRows rows = database.query(
      "SELECT business_id FROM recordings WHERE state IN ('queued', 'processing')"
      " UNION SELECT business_id FROM recordings WHERE open_attempts > 0 ORDER BY 1");
  for (const Row row : rows) found.push_back(read_id<BusinessId>(row, 0));
  return found;
}

Result<bool> has_open_attempt(Database& database, const BusinessId& business) {
  return !database.query("SELECT 1 FROM recordings WHERE business_id = $1 AND open_attempts > 0 LIMIT 1", business)
              .empty();
}

Result<std::int64_t> raise_slot_epoch(Database& database, const BusinessId& business, SystemTime now) {
  const ResultRows rows = database.query(
      "UPDATE businesses SET slot_epoch = greatest(slot_epoch + 1, $2) WHERE id = $1 RETURNING slot_epoch", business,
      now);
  if (rows.empty()) return no_business(business);
  return rows.front().integer(0);
}

}  // namespace tapedeck::postgres

#include "calls/sqlite/rebuilding.hpp"

#include <array>

#include "calls/sqlite/rows.hpp"

#define TAPEDECK_WAITING_COLUMNS "business_id, sid, lane, state, wanted_order, retry_at, cause_code, cause_detail"

namespace tapedeck::sqlite {
namespace {

std::vector<WaitingRecording> read_waiting(Statement rows) {
  std::vector<WaitingRecording> found;
  while (rows.step()) {
    WaitingRecording waits;
    waits.business = read_id<BusinessId>(rows, 0);
    waits.sid = read_id<Sid>(rows, 1);
    waits.lane = read_name(rows, 2, parse_lane);
    waits.state = read_name(rows, 3, parse_state);
    waits.wanted_order = rows.integer(4);
    waits.retry_at = read_time(rows, 5);
    if (!rows.is_null(6)) waits.cause = Cause{rows.text(6), rows.text(7)};
    found.push_back(std::move(waits));
  }
  return found;
}

}  // namespace

Result<std::vector<WaitingRecording>> waiting(Database& database, std::int64_t after, int limit) {
  return read_waiting(
      database.query("SELECT " TAPEDECK_WAITING_COLUMNS " FROM recordings"
                     " WHERE state IN ('queued', 'processing') AND wanted_order > ?1 ORDER BY wanted_order LIMIT ?2",
                     after, limit));
}

Result<std::vector<WaitingRecording>> waiting_of(Database& database, const BusinessId& business, std::int64_t after,
                                                 int limit) {
  return read_waiting(database.query("SELECT " TAPEDECK_WAITING_COLUMNS
                                     " FROM recordings INDEXED BY recordings_waiting_by_business"
                                     " WHERE business_id = ?1 AND state IN ('queued', 'processing')"
                                     " AND wanted_order > ?2 ORDER BY wanted_order LIMIT ?3",
                                     business, after, limit));
}

Result<std::vector<Sid>> waiting_fetches(Database& database, const BusinessId& business, SystemTime now, int limit) {
  // Said twice: SQLite sees only so that the index holds them.
  std::vector<Sid> found;
  Statement rows = database.query(
      "SELECT sid FROM recordings INDEXED BY recordings_waiting_by_business WHERE business_id = ?1"
      " AND state IN ('queued', 'processing') AND state = 'queued' AND lane = 'fetch' AND (retry_at IS NULL OR "
      "retry_at <= ?2) ORDER BY wanted_order LIMIT "
      "?3",
      business, now, limit);
  while (rows.step()) found.push_back(read_id<Sid>(rows, 0));
  return found;
}

Result<std::vector<BacklogLine>> backlog(Database& database, SystemTime now) {
  constexpr std::array kReasons{BacklogReason::kRunning, BacklogReason::kSlot, BacklogReason::kPaused,
                                BacklogReason::kRetry};
  std::vector<BacklogLine> lines;
  Statement rows = database.query(
      "SELECT lane, CASE WHEN state = 'processing' THEN 0 WHEN retry_at > ?1 THEN 3 WHEN paused THEN 2 ELSE 1 END,"
      " count(*), min(wanted_at) FROM recordings INDEXED BY recordings_waiting"
      " JOIN businesses ON businesses.id = business_id WHERE state IN ('queued', 'processing') GROUP BY 1, 2",
      now);
  while (rows.step()) {
    const BacklogReason reason = kReasons.at(static_cast<std::size_t>(rows.integer(1)));
    lines.push_back({read_name(rows, 0, parse_lane), reason, rows.integer(2), read_time(rows, 3).value_or(now)});
  }
  return lines;
}

Result<std::vector<BusinessId>> businesses_at_work(Database& database) {
  std::vector<BusinessId> found;
  Statement rows = database.query(
      "SELECT business_id FROM recordings INDEXED BY recordings_waiting_by_business"
      " WHERE state IN ('queued', 'processing')"
      " UNION SELECT business_id FROM recordings INDEXED BY recordings_open WHERE open_attempts > 0 ORDER BY 1");
  while (rows.step()) found.push_back(read_id<BusinessId>(rows, 0));
  return found;
}

Result<bool> has_open_attempt(Database& database, const BusinessId& business) {
  return database
      .query("SELECT 1 FROM recordings INDEXED BY recordings_open WHERE business_id = ?1 AND open_attempts > 0 LIMIT 1",
             business)
      .step();
}

Result<std::int64_t> raise_slot_epoch(Database& database, const BusinessId& business, SystemTime now) {
  database.run("UPDATE businesses SET slot_epoch = max(slot_epoch + 1, ?2) WHERE id = ?1", business, now);
  Statement row = database.query("SELECT slot_epoch FROM businesses WHERE id = ?1", business);
  if (!row.step()) return no_business(business);
  return row.integer(0);
}

}  // namespace tapedeck::sqlite

#include <array>

#include "calls/sql/functions.hpp"
#include "calls/sql/rows.hpp"

#define TAPEDECK_WAITING_COLUMNS "business_id, sid, lane, state, wanted_order, retry_at, cause_code, cause_detail"

namespace tapedeck::sql {
namespace {

std::vector<WaitingRecording> read_waiting(Rows rows) {
  std::vector<WaitingRecording> found;
  while (rows.next()) {
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

Result<std::vector<WaitingRecording>> waiting(Session& session, std::int64_t after, int limit) {
  return read_waiting(
      session.query("SELECT " TAPEDECK_WAITING_COLUMNS " FROM recordings"
                    " WHERE state IN ('queued', 'processing') AND wanted_order > ?1 ORDER BY wanted_order LIMIT ?2",
                    after, limit));
}

Result<std::vector<WaitingRecording>> waiting_of(Session& session, const BusinessId& business, std::int64_t after,
                                                 int limit) {
  return read_waiting(session.query("SELECT " TAPEDECK_WAITING_COLUMNS
                                    " FROM recordings{index recordings_waiting_by_business}"
                                    " WHERE business_id = ?1 AND state IN ('queued', 'processing')"
                                    " AND wanted_order > ?2 ORDER BY wanted_order LIMIT ?3",
                                    business, after, limit));
}

Result<std::vector<Sid>> waiting_fetches(Session& session, const BusinessId& business, SystemTime now, int limit) {
  // The state is named twice, because only then SQLite sees that the index holds these rows.
  return read_ids<Sid>(
      session.query("SELECT sid FROM recordings{index recordings_waiting_by_business} WHERE business_id = ?1"
                    " AND state IN ('queued', 'processing') AND state = 'queued' AND lane = 'fetch'"
                    " AND (retry_at IS NULL OR retry_at <= ?2) ORDER BY wanted_order LIMIT ?3",
                    business, now, limit));
}

Result<std::vector<BacklogLine>> backlog(Session& session, SystemTime now) {
  constexpr std::array kReasons{BacklogReason::kRunning, BacklogReason::kSlot, BacklogReason::kPaused,
                                BacklogReason::kRetry};
  std::vector<BacklogLine> lines;
  Rows rows = session.query(
      "SELECT lane, CASE WHEN state = 'processing' THEN 0 WHEN retry_at > ?1 THEN 3 WHEN paused THEN 2 ELSE 1 END,"
      " count(*), min(wanted_at) FROM recordings{index recordings_waiting}"
      " JOIN businesses ON businesses.id = business_id WHERE state IN ('queued', 'processing') GROUP BY 1, 2",
      now);
  while (rows.next()) {
    const BacklogReason reason = kReasons.at(static_cast<std::size_t>(rows.integer(1)));
    lines.push_back({read_name(rows, 0, parse_lane), reason, rows.integer(2), read_time(rows, 3).value_or(now)});
  }
  return lines;
}

Result<std::vector<BusinessId>> businesses_at_work(Session& session) {
  return read_ids<BusinessId>(session.query(
      "SELECT business_id FROM recordings{index recordings_waiting_by_business}"
      " WHERE state IN ('queued', 'processing')"
      " UNION SELECT business_id FROM recordings{index recordings_open} WHERE open_attempts > 0 ORDER BY 1"));
}

Result<bool> has_open_attempt(Session& session, const BusinessId& business) {
  return session
      .query("SELECT 1 FROM recordings{index recordings_open} WHERE business_id = ?1 AND open_attempts > 0 LIMIT 1",
             business)
      .next();
}

Result<std::int64_t> raise_slot_epoch(Session& session, const BusinessId& business, SystemTime now) {
  Rows row = session.query(
      "UPDATE businesses SET slot_epoch = {greatest}(slot_epoch + 1, ?2) WHERE id = ?1 RETURNING slot_epoch", business,
      now);
  if (!row.next()) return no_business(business);
  return row.integer(0);
}

}  // namespace tapedeck::sql

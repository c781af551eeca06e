#include "calls/sqlite/recordings.hpp"

#include "calls/sqlite/rows.hpp"
#include "domain/legal_hold.hpp"

namespace tapedeck::sqlite {
namespace {

// The answer of a change: the row as the UPDATE left it, or as it was where the UPDATE did not apply.
RecordingChange change_of(std::optional<Recording> updated, Recording&& before) {
  if (updated) return {std::move(*updated), true};
  return {std::move(before), false};
}

std::int64_t next_wanted_order(Database& database) {
  Statement next = database.query("SELECT " TAPEDECK_NEXT_WANTED_ORDER);
  return next.step() ? next.integer(0) : 0;
}

bool may_be_queued(const Recording& recording, Lane lane, SystemTime now) {
  if (recording.state == RecordingState::kRemote) return true;
  const bool is_promotion =
      recording.state == RecordingState::kQueued && recording.lane == Lane::kFetch && lane == Lane::kPlay;
  return is_promotion && recording.retry_at.value_or(now) <= now;
}

}  // namespace

std::optional<Recording> find_recording(Database& database, const BusinessId& business, const Sid& sid) {
  auto found = read_one_recording(database.query(
      "SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE business_id = ?1 AND sid = ?2", business, sid));
  if (found || sid.view().starts_with("CA")) return found;
  // The plus keeps SQLite from walking through all of the business instead of finding the recording.
  return read_one_recording(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                           " FROM recordings WHERE +business_id = ?1 AND recording_sid = ?2",
                                           business, sid));
}

Result<RecordingChange> want(Database& database, const BusinessId& business, const Sid& sid, Lane lane,
                             SystemTime now) {
  auto before = find_recording(database, business, sid);
  if (!before) return no_recording(sid);
  if (!may_be_queued(*before, lane, now)) return RecordingChange{std::move(*before), false};
  before->state = RecordingState::kQueued;
  before->lane = lane;
  before->attempts = 0;
  before->retry_at.reset();
  before->wanted_order = next_wanted_order(database);
  database.run(
      "UPDATE recordings SET state = 'queued', lane = ?2, attempts = 0, retry_at = NULL, wanted_order = ?3,"
      " wanted_at = ?4 WHERE id = ?1",
      before->row_id, lane_name(lane), before->wanted_order, now);
  return RecordingChange{std::move(*before), true};
}

Result<RecordingChange> retry(Database& database, const BusinessId& business, const Sid& sid, SystemTime now) {
  auto before = find_recording(database, business, sid);
  if (!before) return no_recording(sid);
  auto queued = change_recording(
      database,
      "UPDATE recordings SET state = 'queued', lane = 'play', attempts = 0, retry_at = NULL,"
      " wanted_order = " TAPEDECK_NEXT_WANTED_ORDER
      ", wanted_at = ?2 WHERE id = ?1 AND (state IN ('failed', 'absent') OR (state = 'queued' AND retry_at > ?2))",
      before->row_id, now);
  return change_of(std::move(queued), std::move(*before));
}

Result<RecordingChange> cancel(Database& database, const BusinessId& business, const Sid& sid) {
  auto before = find_recording(database, business, sid);
  if (!before) return no_recording(sid);
  auto cancelled =
      change_recording(database,
                       "UPDATE recordings SET state = iif(cause_code IS NULL, 'remote', 'failed'), retry_at = NULL"
                       " WHERE id = ?1 AND state = 'queued'",
                       before->row_id);
  return change_of(std::move(cancelled), std::move(*before));
}

Result<RecordingChange> remove(Database& database, const BusinessId& business, const Sid& sid) {
  auto before = find_recording(database, business, sid);
  if (!before) return no_recording(sid);
  if (before->hold) return held(*before);
  auto removed = change_recording(database, TAPEDECK_REMOVE_RECORDING, before->row_id);
  return change_of(std::move(removed), std::move(*before));
}

Result<void> forget_blob(Database& database, std::int64_t row_id) {
  database.run("UPDATE recordings SET blob_key = NULL WHERE id = ?1 AND state = 'deleted'", row_id);
  if (database.changes() > 0) return {};
  if (database.query("SELECT 1 FROM recordings WHERE id = ?1", row_id).step()) {
    return fail(Errc::kConflict, "the recording is not deleted");
  }
  return fail(Errc::kNotFound, fmt::format("no recording with row id {}", row_id));
}

Result<std::vector<Recording>> deleted_with_blob(Database& database, int limit) {
  std::vector<Recording> found;
  Statement rows = database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                  " FROM recordings WHERE state = 'deleted' AND blob_key IS NOT NULL"
                                  " ORDER BY id LIMIT ?1",
                                  limit);
  while (rows.step()) found.push_back(read_recording(rows));
  return found;
}

}  // namespace tapedeck::sqlite

#include "calls/postgres/recordings.hpp"

#include "calls/postgres/rows.hpp"
#include "domain/legal_hold.hpp"

namespace tapedeck::postgres {
namespace {

// The answer of a change: the row as the UPDATE left it, or as it was where the UPDATE did not apply.
RecordingChange change_of(const ResultRows& updated, Recording&& before) {
  if (!updated.empty()) return {read_recording(updated.front()), true};
  return {std::move(before), false};
}

bool may_be_queued(const Recording& recording, Lane lane, SystemTime now) {
  if (recording.state == RecordingState::kRemote) return true;
  const bool is_promotion =
      recording.state == RecordingState::kQueued && recording.lane == Lane::kFetch && lane == Lane::kPlay;
  return is_promotion && recording.retry_at.value_or(now) <= now;
}

}  // namespace

std::optional<Recording> find_recording(Database& database, const BusinessId& business, const Sid& sid) {
  if (sid.view().starts_with("CA")) {
    return read_one_recording(database.query(
        "SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE business_id = $1 AND sid = $2", business, sid));
  }
  return read_one_recording(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                           " FROM recordings WHERE business_id = $1 AND recording_sid = $2",
                                           business, sid));
}

std::optional<Recording> lock_recording(Database& database, const BusinessId& business, const Sid& sid) {
  if (sid.view().starts_with("CA")) {
    return read_one_recording(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                             " FROM recordings WHERE business_id = $1 AND sid = $2 FOR NO KEY UPDATE",
                                             business, sid));
  }
  return read_one_recording(
      database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                     " FROM recordings WHERE business_id = $1 AND recording_sid = $2 FOR NO KEY UPDATE",
                     business, sid));
}

Result<RecordingChange> want(Database& database, const BusinessId& business, const Sid& sid, Lane lane,
                             SystemTime now) {
  auto before = lock_recording(database, business, sid);
  if (!before) return no_recording(sid);
  if (!may_be_queued(*before, lane, now)) return RecordingChange{std::move(*before), false};
  const ResultRows queued = database.query(
      "UPDATE recordings SET state = 'queued', lane = $2, attempts = 0, retry_at = NULL,"
      " wanted_order = nextval('wanted_orders'), wanted_at = $3 WHERE id = $1 RETURNING " TAPEDECK_RECORDING_COLUMNS,
      before->row_id, lane_name(lane), now);
  return change_of(queued, std::move(*before));
}

Result<RecordingChange> retry(Database& database, const BusinessId& business, const Sid& sid, SystemTime now) {
  auto before = lock_recording(database, business, sid);
  if (!before) return no_recording(sid);
  const ResultRows queued = database.query(
      "UPDATE recordings SET state = 'queued', lane = 'play', attempts = 0, retry_at = NULL,"
      " wanted_order = nextval('wanted_orders'), wanted_at = $2"
      " WHERE id = $1 AND (state IN ('failed', 'absent') OR (state = 'queued' AND retry_at > $2))"
      " RETURNING " TAPEDECK_RECORDING_COLUMNS,
      before->row_id, now);
  return change_of(queued, std::move(*before));
}

Result<RecordingChange> cancel(Database& database, const BusinessId& business, const Sid& sid) {
  auto before = lock_recording(database, business, sid);
  if (!before) return no_recording(sid);
  const ResultRows cancelled = database.query(
      "UPDATE recordings SET state = CASE WHEN cause_code IS NULL THEN 'remote' ELSE 'failed' END, retry_at = NULL"
      " WHERE id = $1 AND state = 'queued' RETURNING " TAPEDECK_RECORDING_COLUMNS,
      before->row_id);
  return change_of(cancelled, std::move(*before));
}

Result<RecordingChange> remove(Database& database, const BusinessId& business, const Sid& sid) {
  auto before = lock_recording(database, business, sid);
  if (!before) return no_recording(sid);
  if (before->hold) return held(*before);
  const ResultRows removed = database.query(TAPEDECK_REMOVE_RECORDING, before->row_id);
  return change_of(removed, std::move(*before));
}

Result<void> forget_blob(Database& database, std::int64_t row_id) {
  if (database.run("UPDATE recordings SET blob_key = NULL WHERE id = $1 AND state = 'deleted'", row_id) > 0) return {};
  if (database.query("SELECT 1 FROM recordings WHERE id = $1", row_id).empty()) return no_row(row_id);
  return fail(Errc::kConflict, "the recording is not deleted");
}

Result<std::vector<Recording>> deleted_with_blob(Database& database, int limit) {
  std::vector<Recording> found;
  const ResultRows rows = database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                         " FROM recordings WHERE state = 'deleted' AND blob_key IS NOT NULL"
                                         " ORDER BY id LIMIT $1",
                                         limit);
  for (const Row row : rows) found.push_back(read_recording(row));
  return found;
}

}  // namespace tapedeck::postgres

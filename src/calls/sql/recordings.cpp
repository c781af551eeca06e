#include "calls/sql/functions.hpp"
#include "calls/sql/recording_rows.hpp"
#include "domain/legal_hold.hpp"

namespace tapedeck::sql {
namespace {

bool may_be_queued(const Recording& recording, Lane lane, SystemTime now) {
  if (recording.state == RecordingState::kRemote) return true;
  const bool is_promotion =
      recording.state == RecordingState::kQueued && recording.lane == Lane::kFetch && lane == Lane::kPlay;
  return is_promotion && recording.retry_at.value_or(now) <= now;
}

// By the name of a call, or by the recording's own SID, which is also the name of a call's second and later recordings.
std::optional<Recording> find_by(Session& session, const BusinessId& business, const Sid& sid, Sql by_call,
                                 Sql by_recording) {
  return read_first_recording(session.query(sid.view().starts_with("CA") ? by_call : by_recording, business, sid));
}

}  // namespace

Result<std::optional<Recording>> find_recording(Session& session, const BusinessId& business, const Sid& sid) {
  return find_by(session, business, sid,
                 "SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE business_id = ?1 AND sid = ?2",
                 "SELECT " TAPEDECK_RECORDING_COLUMNS
                 " FROM recordings WHERE {unindexed}business_id = ?1 AND recording_sid = ?2");
}

std::optional<Recording> lock_recording(Session& session, const BusinessId& business, const Sid& sid) {
  return find_by(session, business, sid,
                 "SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE business_id = ?1 AND sid = ?2{lock}",
                 "SELECT " TAPEDECK_RECORDING_COLUMNS
                 " FROM recordings WHERE {unindexed}business_id = ?1 AND recording_sid = ?2{lock}");
}

Result<std::vector<Recording>> recordings_of(Session& session, const BusinessId& business, const std::string& after_sid,
                                             int limit) {
  return read_recordings(session.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                       " FROM recordings WHERE business_id = ?1 AND sid > ?2 ORDER BY sid LIMIT ?3",
                                       business, after_sid, limit));
}

Result<std::vector<Recording>> stored_after(Session& session, std::int64_t after, int limit) {
  return read_recordings(session.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                       " FROM recordings WHERE id > ?1 AND state = 'stored' ORDER BY id LIMIT ?2",
                                       after, limit));
}

Result<RecordingChange> want(Session& session, const BusinessId& business, const Sid& sid, Lane lane, SystemTime now) {
  auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  if (!may_be_queued(*before, lane, now)) return RecordingChange{std::move(*before), false};
  auto queued = change_recording(session,
                                 "UPDATE recordings SET state = 'queued', lane = ?2, attempts = 0, retry_at = NULL,"
                                 " wanted_order = {next_order}, wanted_at = ?3 WHERE id = ?1{returning}",
                                 before->row_id, lane_name(lane), now);
  return change_of(std::move(queued), std::move(*before));
}

Result<RecordingChange> retry(Session& session, const BusinessId& business, const Sid& sid, SystemTime now) {
  auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  auto queued = change_recording(
      session,
      "UPDATE recordings SET state = 'queued', lane = 'play', attempts = 0, retry_at = NULL,"
      " wanted_order = {next_order}, wanted_at = ?2"
      " WHERE id = ?1 AND (state IN ('failed', 'absent') OR (state = 'queued' AND retry_at > ?2)){returning}",
      before->row_id, now);
  return change_of(std::move(queued), std::move(*before));
}

Result<RecordingChange> cancel(Session& session, const BusinessId& business, const Sid& sid) {
  auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  auto cancelled = change_recording(
      session,
      "UPDATE recordings SET state = CASE WHEN cause_code IS NULL THEN 'remote' ELSE 'failed' END, retry_at = NULL"
      " WHERE id = ?1 AND state = 'queued'{returning}",
      before->row_id);
  return change_of(std::move(cancelled), std::move(*before));
}

Result<RecordingChange> remove(Session& session, const BusinessId& business, const Sid& sid) {
  auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  if (before->hold) return held(*before);
  return change_of(remove_row(session, before->row_id), std::move(*before));
}

std::optional<Recording> remove_row(Session& session, std::int64_t row_id) {
  return change_recording(
      session,
      "UPDATE recordings SET state = 'deleted', fence = fence + 1, retry_at = NULL, cause_code = NULL,"
      " cause_detail = NULL, size_bytes = NULL, content_type = NULL, sha256 = NULL, stored_at = NULL,"
      " measured_ms = NULL, measure_cause_code = NULL, delete_at = NULL, damage = NULL, source_due_at = NULL"
      " WHERE id = ?1 AND state <> 'deleted' AND hold_reason IS NULL{returning}",
      row_id);
}

Result<bool> note_damage(Session& session, std::int64_t row_id, const std::string& blob_key,
                         const std::optional<std::string>& damage) {
  return session.run(
             "UPDATE recordings SET damage = ?3, source_due_at = CASE WHEN ?3 IS NULL THEN source_due_at END"
             " WHERE id = ?1 AND blob_key = ?2 AND state = 'stored'",
             row_id, blob_key, damage) > 0;
}

Result<RecordingChange> refetch(Session& session, const BusinessId& business, const Sid& sid, Lane lane,
                                SystemTime now) {
  auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  auto queued = change_recording(
      session,
      "UPDATE recordings SET state = 'queued', lane = ?2, attempts = 0, retry_at = NULL, cause_code = ?4,"
      " cause_detail = damage, wanted_order = {next_order}, wanted_at = ?3"
      " WHERE id = ?1 AND state = 'stored' AND damage IS NOT NULL AND NOT source_gone{returning}",
      before->row_id, lane_name(lane), now, errc_name(Errc::kCorrupt));
  return change_of(std::move(queued), std::move(*before));
}

// The fence rises, so that a late commit does not bring back what is lost.
Result<void> lose_audio(Session& session, std::int64_t row_id, std::int64_t fence, const std::optional<Cause>& cause,
                        SystemTime now) {
  const std::string_view state = state_name(cause ? RecordingState::kFailed : RecordingState::kQueued);
  const auto code = cause ? std::optional(cause->code) : std::nullopt;
  const auto detail = cause ? std::optional(cause->detail) : std::nullopt;
  const std::int64_t changed = session.run(
      "UPDATE recordings SET state = ?3, cause_code = ?4, cause_detail = ?5, fence = fence + 1, attempts = 0,"
      " retry_at = NULL, lane = 'fetch', wanted_at = ?6,"
      " wanted_order = CASE WHEN ?4 IS NULL THEN {next_order} ELSE wanted_order END, blob_key = NULL,"
      " size_bytes = NULL, content_type = NULL, sha256 = NULL, stored_at = NULL"
      " WHERE id = ?1 AND fence = ?2 AND state = 'stored'",
      row_id, fence, state, code, detail, now);
  if (changed > 0) return {};
  return fail(Errc::kStaleFence, "the recording has changed since");
}

}  // namespace tapedeck::sql

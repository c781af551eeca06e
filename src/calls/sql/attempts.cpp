#include "calls/sql/functions.hpp"
#include "calls/sql/recording_rows.hpp"

// Attempts are guarded by the fence, which begin_attempt() and remove() raise. Failing and handing back also need the
// state `processing`, because the sweep may have reclaimed the recording without raising the fence. A commit does not:
// its bytes were verified, and another fetch would bring the same ones.
//
// Run twice, begin_attempt() would give two fences, of which nobody has the first, count an attempt that never was, and
// leave an attempt open for ever; fail_attempt() and hand_back() would answer kStaleFence to what they did themselves.
// In PostgreSQL, postgres/change_mark.hpp keeps a change from running twice when its COMMIT is not answered. If that
// cannot find out either, and the caller asks again, a number too many remains: a fence without a worker, which
// protects as well, and an attempt that counts as open, which delays a rebuild of slots by one lease.

namespace tapedeck::sql {
namespace {

// How many of a row's open attempts are closed once one of them has ended.
int closed_by(AttemptConnection connection) { return connection == AttemptConnection::kClosed ? 2 : 1; }

constexpr std::string_view kGoneAtProvider = "; the provider no longer has it";

// The result of an UPDATE that was guarded by a fence.
Result<void> guarded(Session& session, std::int64_t changed, std::int64_t row_id) {
  if (changed > 0) return {};
  if (!recording_exists(session, row_id)) return no_row(row_id);
  return fail(Errc::kStaleFence, "somebody else has taken the recording since");
}

}  // namespace

Result<std::optional<Recording>> begin_attempt(Session& session, const BusinessId& business, const Sid& sid) {
  const auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  return change_recording(
      session,
      "UPDATE recordings SET state = 'processing', fence = fence + 1, attempts = attempts + 1, retry_at = NULL,"
      " open_attempts = {least}(open_attempts + 1, 2) WHERE id = ?1 AND state IN ('queued', 'processing'){returning}",
      before->row_id);
}

Result<void> commit_stored(Session& session, std::int64_t row_id, std::int64_t fence, const StoredAudio& audio) {
  const std::int64_t changed = session.run(
      "UPDATE recordings SET state = 'stored', retry_at = NULL, cause_code = NULL, cause_detail = NULL, blob_key = ?3,"
      " size_bytes = ?4, content_type = ?5, sha256 = ?6, stored_at = ?7, measure_at = NULL, measure_tries = 0,"
      " measured_ms = NULL, measure_cause_code = NULL, damage = NULL, source_gone = false,"
      " delete_at = " TAPEDECK_DELETE_AT("?7")
      ", source_due_at = (SELECT ?7 FROM businesses WHERE businesses.id = recordings.business_id AND"
      " delete_at_provider), open_attempts = 0 WHERE id = ?1 AND fence = ?2 AND state <> 'deleted'",
      row_id, fence, audio.blob_key, static_cast<std::int64_t>(audio.size_bytes), audio.content_type, audio.sha256,
      audio.stored_at);
  return guarded(session, changed, row_id);
}

Result<void> fail_attempt(Session& session, std::int64_t row_id, std::int64_t fence, const AttemptFailure& failure) {
  const RecordingState state = failure.retry_at ? RecordingState::kQueued : failure.final_state;
  const int taken_back = failure.retry_at && !failure.attempt_counts ? 1 : 0;
  // A recording that was fetched again because its blob is damaged keeps that blob if the provider no longer has it.
  if (state == RecordingState::kAbsent) {
    const std::int64_t kept = session.run(
        "UPDATE recordings SET state = 'stored', retry_at = NULL, cause_code = NULL, cause_detail = NULL,"
        " damage = damage || ?3, source_gone = true, open_attempts = {greatest}(open_attempts - ?4, 0)"
        " WHERE id = ?1 AND fence = ?2 AND state = 'processing' AND blob_key IS NOT NULL",
        row_id, fence, kGoneAtProvider, closed_by(failure.connection));
    if (kept > 0) return {};
  }
  const std::int64_t changed = session.run(
      "UPDATE recordings SET state = ?3, retry_at = ?4, cause_code = ?5, cause_detail = ?6,"
      " attempts = {greatest}(attempts - ?7, 0), open_attempts = {greatest}(open_attempts - ?8, 0)"
      " WHERE id = ?1 AND fence = ?2 AND state = 'processing'",
      row_id, fence, state_name(state), failure.retry_at, failure.cause.code, failure.cause.detail, taken_back,
      closed_by(failure.connection));
  return guarded(session, changed, row_id);
}

Result<void> hand_back(Session& session, std::int64_t row_id, std::int64_t fence, AttemptConnection connection) {
  const std::int64_t changed = session.run(
      "UPDATE recordings SET state = 'queued', attempts = {greatest}(attempts - 1, 0),"
      " open_attempts = {greatest}(open_attempts - ?3, 0) WHERE id = ?1 AND fence = ?2 AND state = 'processing'",
      row_id, fence, closed_by(connection));
  return guarded(session, changed, row_id);
}

Result<void> close_attempt(Session& session, std::int64_t row_id, std::int64_t fence) {
  // remove() raises the fence too, and a deleted recording has no further attempt.
  session.run(
      "UPDATE recordings SET open_attempts = 0"
      " WHERE id = ?1 AND (fence = ?2 OR (fence = ?2 + 1 AND state = 'deleted'))",
      row_id, fence);
  return {};
}

Result<void> reclaim(Session& session, const BusinessId& business, const Sid& sid,
                     const std::optional<Cause>& give_up) {
  const auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  if (give_up) {
    session.run(
        "UPDATE recordings SET state = 'failed', cause_code = ?2, cause_detail = ?3"
        " WHERE id = ?1 AND state = 'processing'",
        before->row_id, give_up->code, give_up->detail);
  } else {
    session.run("UPDATE recordings SET state = 'queued' WHERE id = ?1 AND state = 'processing'", before->row_id);
  }
  return {};
}

}  // namespace tapedeck::sql

// Attempts are guarded by the fence, which begin_attempt() and remove() raise: an UPDATE of somebody who was overtaken
// finds no row. Failing and handing back also need the state `processing`, since the sweep may have reclaimed the
// recording meanwhile without raising the fence. A commit does not: its bytes were verified, and fetching them again
// would bring the same.

#include "calls/sqlite/attempts.hpp"

#include "calls/sqlite/recordings.hpp"
#include "calls/sqlite/rows.hpp"

namespace tapedeck::sqlite {
namespace {

// How many of a row's attempts that may be open are not, once one of them has ended.
std::int64_t closed_by(AttemptConnection connection) { return connection == AttemptConnection::kClosed ? 2 : 1; }

constexpr std::string_view kGoneAtProvider = "; the provider has it no more";

// The result of an UPDATE that was guarded by a fence.
Result<void> guarded(Database& database, std::int64_t row_id) {
  if (database.changes() > 0) return {};
  if (database.query("SELECT 1 FROM recordings WHERE id = ?1", row_id).step()) {
    return fail(Errc::kStaleFence, "somebody else has taken the recording since");
  }
  return fail(Errc::kNotFound, fmt::format("no recording with row id {}", row_id));
}

}  // namespace

Result<std::optional<Recording>> begin_attempt(Database& database, const BusinessId& business, const Sid& sid) {
  const auto before = find_recording(database, business, sid);
  if (!before) return no_recording(sid);
  return change_recording(
      database,
      "UPDATE recordings SET state = 'processing', fence = fence + 1, attempts = attempts + 1, retry_at = NULL,"
      " open_attempts = min(open_attempts + 1, 2) WHERE id = ?1 AND state IN ('queued', 'processing')",
      before->row_id);
}

Result<void> commit_stored(Database& database, std::int64_t row_id, std::int64_t fence, const StoredAudio& audio) {
  database.run(
      "UPDATE recordings SET state = 'stored', retry_at = NULL, cause_code = NULL, cause_detail = NULL, blob_key = ?3,"
      " size_bytes = ?4, content_type = ?5, sha256 = ?6, stored_at = ?7, measure_at = NULL, measure_tries = 0,"
      " measured_ms = NULL, measure_cause_code = NULL, damage = NULL, source_gone = 0,"
      " delete_at = " TAPEDECK_DELETE_AT("?7")
      ", source_due_at = (SELECT ?7 FROM businesses WHERE businesses.id = recordings.business_id AND"
      " delete_at_provider = 1), open_attempts = 0 WHERE id = ?1 AND fence = ?2 AND state <> 'deleted'",
      row_id, fence, audio.blob_key, static_cast<std::int64_t>(audio.size_bytes), audio.content_type, audio.sha256,
      audio.stored_at);
  return guarded(database, row_id);
}

Result<void> fail_attempt(Database& database, std::int64_t row_id, std::int64_t fence, const AttemptFailure& failure) {
  const RecordingState state = failure.retry_at ? RecordingState::kQueued : failure.final_state;
  const int taken_back = failure.retry_at && !failure.attempt_counts ? 1 : 0;
  // What was fetched again because its blob is damaged: that is all there is, if the provider has it no more.
  if (state == RecordingState::kAbsent) {
    database.run(
        "UPDATE recordings SET state = 'stored', retry_at = NULL, cause_code = NULL, cause_detail = NULL,"
        " damage = damage || ?3, source_gone = 1, open_attempts = max(open_attempts - ?4, 0)"
        " WHERE id = ?1 AND fence = ?2 AND state = 'processing' AND blob_key IS NOT NULL",
        row_id, fence, kGoneAtProvider, closed_by(failure.connection));
    if (database.changes() > 0) return {};
  }
  database.run(
      "UPDATE recordings SET state = ?3, retry_at = ?4, cause_code = ?5, cause_detail = ?6,"
      " attempts = max(attempts - ?7, 0), open_attempts = max(open_attempts - ?8, 0)"
      " WHERE id = ?1 AND fence = ?2 AND state = 'processing'",
      row_id, fence, state_name(state), failure.retry_at, failure.cause.code, failure.cause.detail, taken_back,
      closed_by(failure.connection));
  return guarded(database, row_id);
}

Result<void> hand_back(Database& database, std::int64_t row_id, std::int64_t fence, AttemptConnection connection) {
  database.run(
      "UPDATE recordings SET state = 'queued', attempts = max(attempts - 1, 0),"
      " open_attempts = max(open_attempts - ?3, 0) WHERE id = ?1 AND fence = ?2 AND state = 'processing'",
      row_id, fence, closed_by(connection));
  return guarded(database, row_id);
}

Result<void> close_attempt(Database& database, std::int64_t row_id, std::int64_t fence) {
  // remove() raises the fence too, and a deleted recording has no further attempt.
  database.run(
      "UPDATE recordings SET open_attempts = 0"
      " WHERE id = ?1 AND (fence = ?2 OR (fence = ?2 + 1 AND state = 'deleted'))",
      row_id, fence);
  return {};
}

Result<void> reclaim(Database& database, const BusinessId& business, const Sid& sid,
                     const std::optional<Cause>& give_up) {
  const auto before = find_recording(database, business, sid);
  if (!before) return no_recording(sid);
  if (give_up) {
    database.run(
        "UPDATE recordings SET state = 'failed', cause_code = ?2, cause_detail = ?3"
        " WHERE id = ?1 AND state = 'processing'",
        before->row_id, give_up->code, give_up->detail);
  } else {
    database.run("UPDATE recordings SET state = 'queued' WHERE id = ?1 AND state = 'processing'", before->row_id);
  }
  return {};
}

}  // namespace tapedeck::sqlite

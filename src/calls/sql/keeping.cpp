#include <algorithm>
#include <iterator>

#include "calls/search_text.hpp"
#include "calls/sql/call_rows.hpp"
#include "calls/sql/functions.hpp"
#include "calls/sql/recording_rows.hpp"

// A recording's delete_at is computed when it is stored, and again when its business's retention changes. That takes a
// walk over the business in steps (reschedule_deletions), so that no transaction is long. Until the walk has passed a
// row, its delete_at is that of the old retention. expire() therefore also asks the present retention, and never
// deletes sooner than that allows.

namespace tapedeck::sql {
namespace {

// The first recording goes by its call's SID, which makes two look-ups by an index.
std::vector<Recording> lock_recordings_of_call(Session& session, const BusinessId& business, const CallSid& call) {
  std::vector<Recording> found = read_recordings(
      session.query("SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE business_id = ?1 AND sid = ?2{lock}",
                    business, call));
  std::vector<Recording> further =
      read_recordings(session.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                    " FROM recordings WHERE business_id = ?1 AND call_sid = ?2 AND sid <> call_sid"
                                    " ORDER BY id{lock}",
                                    business, call));
  std::ranges::move(further, std::back_inserter(found));
  return found;
}

// Removes the recordings, each of which becomes what it is then, with an entry in the audit.
Result<void> remove_all(Session& session, std::vector<Recording>& recordings, const AuditEntry& why) {
  std::vector<AuditEntry> entries;
  for (Recording& recording : recordings) {
    AuditEntry& entry = entries.emplace_back(why);
    entry.business = recording.business;
    entry.sid = recording.sid.str();
    auto removed = remove_row(session, recording.row_id);
    if (removed) recording = std::move(*removed);
  }
  return append_audit(session, entries);
}

}  // namespace

Result<RecordingChange> set_hold(Session& session, const BusinessId& business, const Sid& sid,
                                 const std::optional<Hold>& hold) {
  auto before = lock_recording(session, business, sid);
  if (!before) return no_recording(sid);
  if (before->state == RecordingState::kDeleted) return fail(Errc::kConflict, "the recording is deleted already");
  std::optional<std::string> reason;
  std::optional<SystemTime> since;
  if (hold) {
    reason = hold->reason;
    since = before->hold ? before->hold->since : hold->since;
  }
  auto changed = change_recording(session,
                                  "UPDATE recordings SET hold_reason = ?2, held_since = ?3"
                                  " WHERE id = ?1 AND hold_reason IS DISTINCT FROM ?2{returning}",
                                  before->row_id, reason, since);
  return change_of(std::move(changed), std::move(*before));
}

Result<bool> reschedule_deletions(Session& session, int limit) {
  std::string business;
  std::string from;
  {
    Rows row = session.query(
        "SELECT id, rescheduled_to FROM businesses WHERE rescheduled_to IS NOT NULL ORDER BY id LIMIT 1{lock_free}");
    if (!row.next()) return false;
    business = row.text(0);
    from = row.text(1);
  }
  std::int64_t count = 0;
  std::optional<std::string> last;
  {
    Rows row = session.query(
        "SELECT count(*), max(sid) FROM (SELECT sid FROM recordings WHERE business_id = ?1 AND sid > ?2 ORDER BY sid"
        " LIMIT ?3) AS step",
        business, from, limit);
    if (row.next()) count = row.integer(0);
    if (count > 0) last = row.text(1);
  }
  if (last) {
    session.run("UPDATE recordings SET delete_at = " TAPEDECK_DELETE_AT(
                    "stored_at") " WHERE business_id = ?1 AND sid > ?2 AND sid <= ?3 AND state = 'stored'",
                business, from, *last);
  }
  if (count < limit) last.reset();
  session.run("UPDATE businesses SET rescheduled_to = ?2 WHERE id = ?1", business, last);
  return true;
}

Result<std::vector<Recording>> expire(Session& session, SystemTime now, int limit) {
  std::vector<Recording> due = read_recordings(session.query(
      "SELECT " TAPEDECK_RECORDING_COLUMNS
      " FROM recordings WHERE delete_at IS NOT NULL AND hold_reason IS NULL AND state = 'stored' AND delete_at <= ?1"
      " AND " TAPEDECK_DELETE_AT("stored_at") " <= ?1 ORDER BY delete_at LIMIT ?2{lock_free}",
      now, limit));
  const AuditEntry why{.at = now,
                       .business = {},
                       .actor = "retention",
                       .action = "expire",
                       .sid = {},
                       .detail = "the retention has ended"};
  const auto removed = remove_all(session, due, why);
  if (!removed) return fail(removed.error());
  return due;
}

Result<ErasedCall> erase_call(Session& session, const BusinessId& business, const CallSid& call,
                              const EraseOrder& order) {
  const auto parties = lock_call(session, business, call);
  if (!parties) return fail(Errc::kNotFound, fmt::format("no call {}", call.view()));
  ErasedCall erased;
  erased.had_parties = !parties->from.empty() || !parties->to.empty();
  for (Recording& recording : lock_recordings_of_call(session, business, call)) {
    if (recording.hold) {
      erased.held.push_back(std::move(recording));
    } else if (recording.state != RecordingState::kDeleted) {
      erased.erased.push_back(std::move(recording));
    }
  }
  if (!erased.held.empty()) erased.erased.clear();
  if (order.looks_only || !erased.held.empty()) return erased;

  session.run("UPDATE calls SET from_party = '', to_party = '', search_text = ?2 WHERE id = ?1", parties->row_id,
              search_text("", ""));
  const AuditEntry why{
      .at = order.now, .business = {}, .actor = order.actor, .action = "erase", .sid = {}, .detail = order.detail};
  const auto removed = remove_all(session, erased.erased, why);
  if (!removed) return fail(removed.error());
  return erased;
}

Result<std::vector<Recording>> deleted_with_blob(Session& session, int limit) {
  return read_recordings(session.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                       " FROM recordings WHERE state = 'deleted' AND blob_key IS NOT NULL"
                                       " ORDER BY id LIMIT ?1",
                                       limit));
}

Result<void> forget_blob(Session& session, std::int64_t row_id) {
  if (session.run("UPDATE recordings SET blob_key = NULL WHERE id = ?1 AND state = 'deleted'", row_id) > 0) return {};
  if (!recording_exists(session, row_id)) return no_row(row_id);
  return fail(Errc::kConflict, "the recording is not deleted");
}

Result<std::vector<Recording>> due_source_deletions(Session& session, SystemTime now, int limit) {
  return read_recordings(
      session.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                    " FROM recordings WHERE source_due_at IS NOT NULL AND source_due_at <= ?1 AND state = 'stored'"
                    " ORDER BY source_due_at LIMIT ?2",
                    now, limit));
}

Result<void> settle_source(Session& session, std::int64_t row_id, const SourceOutcome& outcome) {
  const bool is_gone = outcome.is_gone && !outcome.retry_at;
  session.run("UPDATE recordings SET source_due_at = ?2, source_gone = ?3 WHERE id = ?1 AND source_due_at IS NOT NULL",
              row_id, outcome.retry_at, is_gone);
  return {};
}

}  // namespace tapedeck::sql

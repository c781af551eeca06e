// A recording's delete_at is computed when it is stored, and anew when its business's retention changes; that takes a
// walk over the business in steps (reschedule_deletions), so that no transaction is long. Until the walk has passed a
// row, its delete_at is of the old retention: expire() therefore asks the present one, too, and never deletes sooner
// than that allows.

#include "calls/postgres/keeping.hpp"

#include <algorithm>
#include <iterator>

#include "calls/postgres/access.hpp"
#include "calls/postgres/call_rows.hpp"
#include "calls/postgres/recordings.hpp"
#include "calls/postgres/rows.hpp"
#include "calls/search_text.hpp"

namespace tapedeck::postgres {
namespace {

AuditEntry entry_of(const Recording& recording, std::string_view actor, std::string_view action,
                    std::string_view detail, SystemTime now) {
  return {.at = now,
          .business = recording.business,
          .actor = std::string(actor),
          .action = std::string(action),
          .sid = recording.sid.str(),
          .detail = std::string(detail)};
}

std::vector<Recording> read_all(const ResultRows& rows) {
  std::vector<Recording> found;
  for (const Row row : rows) found.push_back(read_recording(row));
  return found;
}

// The first goes by its call's SID: two look-ups by an index.
std::vector<Recording> lock_recordings_of_call(Database& database, const BusinessId& business, const CallSid& call) {
  std::vector<Recording> found = read_all(database.query(
      "SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE business_id = $1 AND sid = $2 FOR NO KEY UPDATE",
      business, call));
  std::vector<Recording> further =
      read_all(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                              " FROM recordings WHERE business_id = $1 AND call_sid = $2 AND sid <> call_sid"
                              " ORDER BY id FOR NO KEY UPDATE",
                              business, call));
  std::ranges::move(further, std::back_inserter(found));
  return found;
}

}  // namespace

Result<RecordingChange> set_hold(Database& database, const BusinessId& business, const Sid& sid,
                                 const std::optional<Hold>& hold) {
  auto before = lock_recording(database, business, sid);
  if (!before) return no_recording(sid);
  if (before->state == RecordingState::kDeleted) return fail(Errc::kConflict, "the recording is deleted already");
  std::optional<std::string> reason;
  std::optional<SystemTime> since;
  if (hold) {
    reason = hold->reason;
    since = before->hold ? before->hold->since : hold->since;
  }
  auto changed = read_one_recording(
      database.query("UPDATE recordings SET hold_reason = $2, held_since = $3 WHERE id = $1 AND hold_reason IS DISTINCT"
                     " FROM $2 RETURNING " TAPEDECK_RECORDING_COLUMNS,
                     before->row_id, reason, since));
  if (changed) return RecordingChange{std::move(*changed), true};
  return RecordingChange{std::move(*before), false};
}

Result<bool> reschedule_deletions(Database& database, int limit) {
  const ResultRows next = database.query(
      "SELECT id, rescheduled_to FROM businesses WHERE rescheduled_to IS NOT NULL ORDER BY id LIMIT 1"
      " FOR NO KEY UPDATE SKIP LOCKED");
  if (next.empty()) return false;
  const std::string business = next.front().text(0);
  const std::string from = next.front().text(1);
  const ResultRows step = database.query(
      "SELECT count(*), max(sid) FROM (SELECT sid FROM recordings WHERE business_id = $1 AND sid > $2 ORDER BY sid"
      " LIMIT $3) AS step",
      business, from, limit);
  const std::int64_t count = step.front().integer(0);
  std::optional<std::string> last;
  if (count > 0) {
    last = step.front().text(1);
    (void)database.run("UPDATE recordings SET delete_at = " TAPEDECK_DELETE_AT(
                           "stored_at") " WHERE business_id = $1 AND sid > $2 AND sid <= $3 AND state = 'stored'",
                       business, from, *last);
  }
  if (count < limit) last.reset();
  (void)database.run("UPDATE businesses SET rescheduled_to = $2 WHERE id = $1", business, last);
  return true;
}

Result<std::vector<Recording>> expire(Database& database, SystemTime now, int limit) {
  std::vector<Recording> due = read_all(database.query(
      "SELECT " TAPEDECK_RECORDING_COLUMNS
      " FROM recordings WHERE delete_at IS NOT NULL AND hold_reason IS NULL AND state = 'stored' AND delete_at <= $1"
      " AND " TAPEDECK_DELETE_AT("stored_at") " <= $1 ORDER BY delete_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
      now, limit));
  std::vector<AuditEntry> entries;
  for (Recording& recording : due) {
    entries.push_back(entry_of(recording, "retention", "expire", "the retention has ended", now));
    auto removed = read_one_recording(database.query(TAPEDECK_REMOVE_RECORDING, recording.row_id));
    if (removed) recording = std::move(*removed);
  }
  if (entries.empty()) return due;
  auto appended = append_audit(database, entries);
  if (!appended) return fail(appended.error());
  return due;
}

Result<ErasedCall> erase_call(Database& database, const BusinessId& business, const CallSid& call,
                              const EraseOrder& order) {
  ErasedCall erased;
  const auto parties = lock_call(database, business, call);
  if (!parties) return fail(Errc::kNotFound, fmt::format("no call {}", call.view()));
  erased.had_parties = !parties->from.empty() || !parties->to.empty();
  for (Recording& recording : lock_recordings_of_call(database, business, call)) {
    if (recording.hold) {
      erased.held.push_back(std::move(recording));
    } else if (recording.state != RecordingState::kDeleted) {
      erased.erased.push_back(std::move(recording));
    }
  }
  if (!erased.held.empty()) erased.erased.clear();
  if (order.looks_only || !erased.held.empty()) return erased;

  std::vector<AuditEntry> entries;
  for (Recording& recording : erased.erased) {
    entries.push_back(entry_of(recording, order.actor, "erase", order.detail, order.now));
    auto removed = read_one_recording(database.query(TAPEDECK_REMOVE_RECORDING, recording.row_id));
    if (removed) recording = std::move(*removed);
  }
  (void)database.run(
      "UPDATE calls SET from_party = '', to_party = '', search_text = $3 WHERE business_id = $1 AND call_sid = $2",
      business, call, search_text("", ""));
  if (entries.empty()) return erased;
  auto appended = append_audit(database, entries);
  if (!appended) return fail(appended.error());
  return erased;
}

Result<std::vector<Recording>> recordings_of(Database& database, const BusinessId& business,
                                             const std::string& after_sid, int limit) {
  return read_all(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                 " FROM recordings WHERE business_id = $1 AND sid > $2 ORDER BY sid LIMIT $3",
                                 business, after_sid, limit));
}

Result<bool> note_damage(Database& database, std::int64_t row_id, const std::string& blob_key,
                         const std::optional<std::string>& damage) {
  const std::int64_t noted = database.run(
      "UPDATE recordings SET damage = $3, source_due_at = CASE WHEN $3 IS NULL THEN source_due_at END"
      " WHERE id = $1 AND blob_key = $2 AND state = 'stored'",
      row_id, blob_key, damage);
  return noted > 0;
}

Result<RecordingChange> refetch(Database& database, const BusinessId& business, const Sid& sid, Lane lane,
                                SystemTime now) {
  auto before = lock_recording(database, business, sid);
  if (!before) return no_recording(sid);
  auto queued = read_one_recording(database.query(
      "UPDATE recordings SET state = 'queued', lane = $2, attempts = 0, retry_at = NULL, cause_code = $4,"
      " cause_detail = damage, wanted_order = nextval('wanted_orders'), wanted_at = $3"
      " WHERE id = $1 AND state = 'stored' AND damage IS NOT NULL AND NOT source_gone"
      " RETURNING " TAPEDECK_RECORDING_COLUMNS,
      before->row_id, lane_name(lane), now, errc_name(Errc::kCorrupt)));
  if (queued) return RecordingChange{std::move(*queued), true};
  return RecordingChange{std::move(*before), false};
}

Result<std::vector<Recording>> due_source_deletions(Database& database, SystemTime now, int limit) {
  return read_all(
      database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                     " FROM recordings WHERE source_due_at IS NOT NULL AND source_due_at <= $1 AND state = 'stored'"
                     " ORDER BY source_due_at LIMIT $2",
                     now, limit));
}

Result<void> settle_source(Database& database, std::int64_t row_id, const SourceOutcome& outcome) {
  const bool is_gone = outcome.is_gone && !outcome.retry_at;
  (void)database.run(
      "UPDATE recordings SET source_due_at = $2, source_gone = $3 WHERE id = $1 AND source_due_at IS NOT NULL", row_id,
      outcome.retry_at, is_gone);
  return {};
}

Result<AuditPage> list_audit(Database& database, const AuditQuery& query) {
  const int limit = std::clamp(query.limit, 1, kAuditPageMax);
  const AuditCursor after = query.cursor.value_or(AuditCursor{SystemTime::min(), 0});
  const ResultRows rows = database.query(
      "SELECT id, at, business_id, actor, action, sid, detail FROM audit"
      " WHERE business_id = $1 AND (at, id) > ($2, $3) AND at >= $4 AND at < $5 ORDER BY at, id LIMIT $6",
      query.business, after.at, after.id, query.since.value_or(SystemTime::min()),
      query.until.value_or(SystemTime::max()), limit + 1);
  AuditPage page;
  std::int64_t last_id = 0;
  for (const Row row : rows) {
    if (std::ssize(page.entries) == limit) {
      page.next = AuditCursor{page.entries.back().at, last_id};
      break;
    }
    last_id = row.integer(0);
    page.entries.push_back({.at = row.time(1),
                            .business = read_id<BusinessId>(row, 2),
                            .actor = row.text(3),
                            .action = row.text(4),
                            .sid = row.text(5),
                            .detail = row.text(6)});
  }
  return page;
}

}  // namespace tapedeck::postgres

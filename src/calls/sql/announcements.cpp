#include "calls/sql/call_rows.hpp"
#include "calls/sql/functions.hpp"

// What the provider's webhook, or its listing, says about a recording. Twilio repeats its events and does not keep
// their order, so each change is guarded by the state that it may leave, and a repeat changes nothing.

namespace tapedeck::sql {
namespace {

std::optional<SystemTime> announced_at(const RecordingAnnouncement& told, SystemTime now) {
  return told.is_listed ? std::nullopt : std::optional(now);
}

std::optional<std::int64_t> import_of(const RecordingAnnouncement& told) {
  return told.import == 0 ? std::nullopt : std::optional(told.import);
}

std::optional<Recording> queue_announced(Session& session, std::int64_t row_id, const RecordingAnnouncement& told,
                                         SystemTime now) {
  return change_recording(
      session,
      "UPDATE recordings SET state = 'queued', lane = 'fetch', attempts = 0, retry_at = NULL,"
      " wanted_order = {next_order}, wanted_at = ?2, announced_at = coalesce(?3, announced_at),"
      " duration_seconds = coalesce(?4, duration_seconds), channels = CASE WHEN ?5 = 0 THEN channels ELSE ?5 END,"
      " recorded_at = coalesce(?6, recorded_at), import_id = coalesce(?7, import_id)"
      " WHERE id = ?1 AND (state = 'remote' OR (state = 'absent' AND NOT ?8)){returning}",
      row_id, now, announced_at(told, now), told.duration_seconds, told.channels, told.started_at, import_of(told),
      told.is_listed);
}

// Fills in details that were not known yet. A repeat writes nothing.
std::optional<Recording> fill_blanks(Session& session, std::int64_t row_id, const RecordingAnnouncement& told,
                                     std::optional<SystemTime> announced_at) {
  return change_recording(
      session,
      "UPDATE recordings SET announced_at = coalesce(announced_at, ?2),"
      " duration_seconds = coalesce(duration_seconds, ?3), channels = CASE WHEN channels = 0 THEN ?4 ELSE channels END,"
      " recorded_at = coalesce(recorded_at, ?5)"
      " WHERE id = ?1 AND state <> 'deleted' AND ("
      "  (announced_at IS NULL AND ?2 IS NOT NULL) OR (duration_seconds IS NULL AND ?3 IS NOT NULL)"
      "  OR (channels = 0 AND ?4 <> 0) OR (recorded_at IS NULL AND ?5 IS NOT NULL)){returning}",
      row_id, announced_at, told.duration_seconds, told.channels, told.started_at);
}

std::optional<Recording> mark_absent(Session& session, std::int64_t row_id, const RecordingAnnouncement& told,
                                     SystemTime now) {
  return change_recording(
      session,
      "UPDATE recordings SET state = 'absent', retry_at = NULL, cause_code = ?6, cause_detail = ?7, announced_at = ?2,"
      " duration_seconds = coalesce(?3, duration_seconds), channels = CASE WHEN ?4 = 0 THEN channels ELSE ?4 END,"
      " recorded_at = coalesce(?5, recorded_at)"
      " WHERE id = ?1 AND state NOT IN ('stored', 'absent', 'deleted'){returning}",
      row_id, now, told.duration_seconds, told.channels, told.started_at, errc_name(Errc::kProviderAbsent),
      told.absence);
}

}  // namespace

Result<RecordingChange> announce(Session& session, const BusinessId& business,
                                 const RecordingAnnouncement& announcement, SystemTime now) {
  if (!business_exists(session, business)) return no_business(business);
  const CallSid& call = announcement.call;
  const RecordingSid& recording = announcement.recording;
  const AccountSid& account = announcement.account;
  auto known = lock_known(session, business, call, recording, account);
  if (!known) return fail(known.error());
  const bool is_new = !known->has_value();
  if (is_new) {
    CallUpdate told;
    told.call = call;
    if (!lock_call(session, business, call)) add_call(session, business, told, announcement.started_at.value_or(now));
    known = add_recording(session, business, call, recording, account);
  }
  Recording& before = **known;
  learn_account(session, before, account);
  const std::int64_t row_id = before.row_id;

  std::optional<Recording> moved;
  std::optional<Recording> filled;
  switch (announcement.status) {
    case AnnouncedStatus::kInProgress: filled = fill_blanks(session, row_id, announcement, std::nullopt); break;
    case AnnouncedStatus::kCompleted:
      moved = queue_announced(session, row_id, announcement, now);
      if (!moved) filled = fill_blanks(session, row_id, announcement, announced_at(announcement, now));
      break;
    case AnnouncedStatus::kAbsent:
    case AnnouncedStatus::kFailed: moved = mark_absent(session, row_id, announcement, now); break;
  }
  const bool is_changed = is_new || moved.has_value();
  if (moved) return RecordingChange{std::move(*moved), is_changed};
  if (filled) return RecordingChange{std::move(*filled), is_changed};
  return RecordingChange{std::move(before), is_changed};
}

}  // namespace tapedeck::sql

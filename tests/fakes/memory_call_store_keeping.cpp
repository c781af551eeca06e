// What is kept and what is forgotten.

#include <algorithm>

#include <fmt/format.h>

#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck {
namespace {

std::unexpected<Error> no_recording(const Sid& sid) {
  return fail(Errc::kNotFound, fmt::format("no recording {}", sid.view()));
}

AuditEntry entry_of(const Recording& recording, std::string actor, std::string action, std::string detail,
                    SystemTime now) {
  return {.at = now,
          .business = recording.business,
          .actor = std::move(actor),
          .action = std::move(action),
          .sid = recording.sid.str(),
          .detail = std::move(detail)};
}

}  // namespace

std::optional<SystemTime> MemoryCallStore::end_of_retention(const Recording& recording, SystemTime stored_at) {
  const int days = tenant(recording.business)->business.retention_days;
  if (days == 0) return std::nullopt;
  return std::min(recording.recorded_at.value_or(stored_at), stored_at) + std::chrono::days(days);
}

void MemoryCallStore::forget_content(Recording& recording) {
  if (const auto replaced = audio_being_replaced_.extract(recording.row_id)) recording.audio = replaced.mapped();
  set_state(recording, RecordingState::kDeleted);
  ++recording.fence;
  recording.cause.reset();
  recording.damage.reset();
  recording.measure.reset();
  recording.measure_cause.reset();
  unmeasured_.erase(recording.row_id);
  recording.delete_at.reset();
  recording.source_due_at.reset();
  if (!recording.audio) return;
  StoredAudio leftover;
  leftover.blob_key = recording.audio->blob_key;
  recording.audio = leftover;
  deleted_with_blob_.insert(recording.row_id);
}

Task<Result<RecordingChange>> MemoryCallStore::set_hold(BusinessId business, Sid sid, std::optional<Hold> hold) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  if (found->state == RecordingState::kDeleted) co_return fail(Errc::kConflict, "the recording is deleted already");
  const bool is_same = found->hold.has_value() == hold.has_value() && (!hold || found->hold->reason == hold->reason);
  if (hold && found->hold) hold->since = found->hold->since;
  if (!is_same) found->hold = std::move(hold);
  co_return RecordingChange{*found, !is_same};
}

Task<Result<bool>> MemoryCallStore::reschedule_deletions(int limit) {
  if (rescheduled_to_.empty()) co_return false;
  const auto next = rescheduled_to_.begin();
  std::vector<std::string> names;
  for (const auto& [sid, row_id] : tenant(next->first)->by_name) {
    if (sid.str() > next->second) names.push_back(sid.str());
  }
  std::ranges::sort(names);
  const bool is_last = std::ssize(names) < limit;
  if (!is_last) names.resize(static_cast<std::size_t>(limit));
  for (const std::string& name : names) {
    Recording& recording = row(tenant(next->first)->by_name.at(*Sid::parse(name)));
    if (recording.state != RecordingState::kStored) continue;
    recording.delete_at = end_of_retention(recording, recording.audio->stored_at);
  }
  if (is_last) {
    rescheduled_to_.erase(next);
  } else {
    next->second = names.back();
  }
  co_return true;
}

Task<Result<std::vector<Recording>>> MemoryCallStore::expire(SystemTime now, int limit) {
  std::vector<Recording*> due;
  for (Recording& recording : recordings_) {
    const bool may_go = recording.state == RecordingState::kStored && !recording.hold;
    if (!may_go || recording.delete_at.value_or(SystemTime::max()) > now) continue;
    const auto allowed = end_of_retention(recording, recording.audio->stored_at);
    if (allowed && *allowed <= now) due.push_back(&recording);
  }
  std::ranges::stable_sort(due, {}, [](const Recording* recording) { return *recording->delete_at; });
  if (std::ssize(due) > limit) due.resize(static_cast<std::size_t>(limit));
  std::vector<Recording> gone;
  for (Recording* recording : due) {
    audit_.push_back(entry_of(*recording, "retention", "expire", "the retention has ended", now));
    forget_content(*recording);
    gone.push_back(*recording);
  }
  co_return gone;
}

Task<Result<ErasedCall>> MemoryCallStore::erase_call(BusinessId business, CallSid call, EraseOrder order) {
  Tenant* owner = tenant(business);
  if (owner == nullptr || !owner->calls.contains(call)) {
    co_return fail(Errc::kNotFound, fmt::format("no call {}", call.view()));
  }
  CallRow& of_call = calls_[owner->calls.at(call)];
  ErasedCall erased;
  erased.had_parties = !of_call.call.from.empty() || !of_call.call.to.empty();
  std::vector<std::int64_t> ids;
  for (const std::int64_t row_id : of_call.recordings) {
    const Recording& recording = row(row_id);
    if (recording.hold) {
      erased.held.push_back(recording);
    } else if (recording.state != RecordingState::kDeleted) {
      erased.erased.push_back(recording);
    }
  }
  if (!erased.held.empty()) erased.erased.clear();
  if (order.looks_only || !erased.held.empty()) co_return erased;
  for (Recording& recording : erased.erased) {
    audit_.push_back(entry_of(recording, order.actor, "erase", order.detail, order.now));
    forget_content(row(recording.row_id));
    recording = row(recording.row_id);
  }
  of_call.call.from.clear();
  of_call.call.to.clear();
  of_call.search_text = "\n\n\n";
  co_return erased;
}

Task<Result<std::vector<Recording>>> MemoryCallStore::recordings_of(BusinessId business, std::string after_sid,
                                                                    int limit) {
  std::vector<Recording> found;
  const Tenant* owner = tenant(business);
  if (owner == nullptr) co_return found;
  for (const auto& [sid, row_id] : owner->by_name) {
    if (sid.str() > after_sid) found.push_back(row(row_id));
  }
  std::ranges::sort(found, {}, [](const Recording& recording) { return recording.sid.str(); });
  if (std::ssize(found) > limit) found.resize(static_cast<std::size_t>(limit));
  co_return found;
}

Task<Result<bool>> MemoryCallStore::note_damage(std::int64_t row_id, std::string blob_key,
                                                std::optional<std::string> damage) {
  if (row_id < 1 || row_id > std::ssize(recordings_)) co_return false;
  Recording& recording = row(row_id);
  if (recording.state != RecordingState::kStored || recording.audio->blob_key != blob_key) co_return false;
  if (damage) recording.source_due_at.reset();
  recording.damage = std::move(damage);
  co_return true;
}

Task<Result<RecordingChange>> MemoryCallStore::refetch(BusinessId business, Sid sid, Lane lane, SystemTime now) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  const bool changed = found->state == RecordingState::kStored && found->damage && !found->source_gone;
  if (changed) {
    found->cause = Cause{std::string(errc_name(Errc::kCorrupt)), *found->damage};
    audio_being_replaced_[found->row_id] = *found->audio;
    found->audio.reset();
    enqueue(*found, lane, now);
  }
  co_return RecordingChange{*found, changed};
}

Task<Result<std::vector<Recording>>> MemoryCallStore::due_source_deletions(SystemTime now, int limit) {
  std::vector<Recording> found;
  for (const Recording& recording : recordings_) {
    const bool is_due = recording.source_due_at.value_or(SystemTime::max()) <= now;
    if (is_due && recording.state == RecordingState::kStored) found.push_back(recording);
  }
  std::ranges::stable_sort(found, {}, [](const Recording& recording) { return *recording.source_due_at; });
  if (std::ssize(found) > limit) found.resize(static_cast<std::size_t>(limit));
  co_return found;
}

Task<Result<void>> MemoryCallStore::settle_source(std::int64_t row_id, SourceOutcome outcome) {
  Recording& recording = row(row_id);
  if (!recording.source_due_at) co_return Result<void>();
  recording.source_due_at = outcome.retry_at;
  recording.source_gone = outcome.is_gone && !outcome.retry_at;
  co_return Result<void>();
}

Task<Result<AuditPage>> MemoryCallStore::list_audit(AuditQuery query) {
  const AuditCursor after = query.cursor.value_or(AuditCursor{SystemTime::min(), 0});
  std::map<std::pair<SystemTime, std::int64_t>, const AuditEntry*> found;
  std::int64_t id = 0;
  for (const AuditEntry& entry : audit_) {
    const std::pair place{entry.at, ++id};
    const bool is_in_time =
        entry.at >= query.since.value_or(SystemTime::min()) && entry.at < query.until.value_or(SystemTime::max());
    if (entry.business == query.business && is_in_time && place > std::pair(after.at, after.id)) found[place] = &entry;
  }
  AuditPage page;
  AuditCursor last;
  for (const auto& [place, entry] : found) {
    if (std::ssize(page.entries) == std::clamp(query.limit, 1, kAuditPageMax)) {
      page.next = last;
      break;
    }
    last = AuditCursor{place.first, place.second};
    page.entries.push_back(*entry);
  }
  co_return page;
}

}  // namespace tapedeck

#include "tests/fakes/memory_call_store.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/legal_hold.hpp"

namespace tapedeck {
namespace {

std::unexpected<Error> no_business(const BusinessId& id) {
  return fail(Errc::kNotFound, fmt::format("no business {}", id.view()));
}
std::unexpected<Error> no_recording(const Sid& sid) {
  return fail(Errc::kNotFound, fmt::format("no recording {}", sid.view()));
}

bool is_backing_off(const Recording& recording, SystemTime now) {
  return recording.state == RecordingState::kQueued && recording.retry_at.has_value() && *recording.retry_at > now;
}

bool is_waiting(RecordingState state) {
  return state == RecordingState::kQueued || state == RecordingState::kProcessing;
}

}  // namespace

MemoryCallStore::Tenant* MemoryCallStore::tenant(const BusinessId& id) {
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? nullptr : &found->second;
}

Recording* MemoryCallStore::find_row(const BusinessId& business, const Sid& sid) {
  Tenant* owner = tenant(business);
  if (owner == nullptr) return nullptr;
  if (const auto named = owner->by_name.find(sid); named != owner->by_name.end()) return &row(named->second);
  const auto recording = RecordingSid::parse(sid.view());
  if (!recording) return nullptr;
  const auto known = owner->by_recording.find(*recording);
  return known == owner->by_recording.end() ? nullptr : &row(known->second);
}

Result<Recording*> MemoryCallStore::row_at_fence(std::int64_t row_id, std::int64_t fence) {
  if (row_id < 1 || row_id > std::ssize(recordings_)) {
    return fail(Errc::kNotFound, fmt::format("no recording with row id {}", row_id));
  }
  Recording& recording = row(row_id);
  if (recording.fence != fence) return fail(Errc::kStaleFence, "somebody else has taken the recording since");
  return &recording;
}

// Places are given again once nobody waits behind them, so one that is kept from earlier may be another's.
void MemoryCallStore::leave(const Recording& recording) {
  const auto place = waiting_.find(recording.wanted_order);
  if (place != waiting_.end() && place->second == recording.row_id) waiting_.erase(place);
}

void MemoryCallStore::set_state(Recording& recording, RecordingState state) {
  recording.state = state;
  recording.retry_at.reset();
  if (is_waiting(state)) {
    waiting_[recording.wanted_order] = recording.row_id;
  } else {
    leave(recording);
  }
}

void MemoryCallStore::enqueue(Recording& recording, Lane lane, SystemTime now) {
  const std::int64_t next = waiting_.empty() ? 1 : waiting_.rbegin()->first + 1;
  leave(recording);
  recording.wanted_order = next;
  recording.lane = lane;
  recording.attempts = 0;
  wanted_at_[recording.row_id] = now;
  set_state(recording, RecordingState::kQueued);
}

Task<Result<PutOutcome>> MemoryCallStore::put_business(Business business) {
  const BusinessId id = business.id;
  const auto [place, created] = tenants_.try_emplace(id);
  if (!created && place->second.business.retention_days != business.retention_days) rescheduled_to_[id].clear();
  place->second.business = std::move(business);
  co_return created ? PutOutcome::kCreated : PutOutcome::kChanged;
}

Task<Result<std::optional<Business>>> MemoryCallStore::find_business(BusinessId id) {
  const Tenant* found = tenant(id);
  if (found == nullptr) co_return std::nullopt;
  co_return found->business;
}

Task<Result<std::vector<Business>>> MemoryCallStore::list_businesses() {
  std::vector<Business> all;
  for (const auto& [id, entry] : tenants_) all.push_back(entry.business);
  co_return all;
}

Task<Result<std::optional<Recording>>> MemoryCallStore::find_recording(BusinessId business, Sid sid) {
  const Recording* found = find_row(business, sid);
  if (found == nullptr) co_return std::nullopt;
  co_return *found;
}

Task<Result<RecordingChange>> MemoryCallStore::want(BusinessId business, Sid sid, Lane lane, SystemTime now) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  const bool promoted = found->state == RecordingState::kQueued && found->lane == Lane::kFetch && lane == Lane::kPlay &&
                        !is_backing_off(*found, now);
  const bool changed = found->state == RecordingState::kRemote || promoted;
  if (changed) enqueue(*found, lane, now);
  co_return RecordingChange{*found, changed};
}

Task<Result<RecordingChange>> MemoryCallStore::retry(BusinessId business, Sid sid, SystemTime now) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  const bool changed =
      found->state == RecordingState::kFailed || found->state == RecordingState::kAbsent || is_backing_off(*found, now);
  if (changed) enqueue(*found, Lane::kPlay, now);
  co_return RecordingChange{*found, changed};
}

Task<Result<RecordingChange>> MemoryCallStore::cancel(BusinessId business, Sid sid) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  const bool changed = found->state == RecordingState::kQueued;
  if (changed) set_state(*found, found->cause.has_value() ? RecordingState::kFailed : RecordingState::kRemote);
  co_return RecordingChange{*found, changed};
}

Task<Result<RecordingChange>> MemoryCallStore::remove(BusinessId business, Sid sid) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  if (found->hold) co_return held(*found);
  const bool changed = found->state != RecordingState::kDeleted;
  if (changed) forget_content(*found);
  co_return RecordingChange{*found, changed};
}

Task<Result<void>> MemoryCallStore::forget_blob(std::int64_t row_id) {
  if (row_id < 1 || row_id > std::ssize(recordings_)) {
    co_return fail(Errc::kNotFound, fmt::format("no recording with row id {}", row_id));
  }
  Recording& found = row(row_id);
  if (found.state != RecordingState::kDeleted) co_return fail(Errc::kConflict, "the recording is not deleted");
  found.audio.reset();
  deleted_with_blob_.erase(row_id);
  co_return Result<void>();
}

Task<Result<std::vector<Recording>>> MemoryCallStore::deleted_with_blob(int limit) {
  std::vector<Recording> found;
  for (const std::int64_t row_id : deleted_with_blob_) {
    if (std::ssize(found) >= limit) break;
    found.push_back(row(row_id));
  }
  co_return found;
}

Task<Result<std::optional<Recording>>> MemoryCallStore::begin_attempt(BusinessId business, Sid sid) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  if (!is_waiting(found->state)) co_return std::nullopt;
  set_state(*found, RecordingState::kProcessing);
  ++found->fence;
  ++found->attempts;
  int& open = open_attempts_[found->row_id];
  open = std::min(open + 1, 2);
  co_return *found;
}

void MemoryCallStore::note_end(std::int64_t row_id, AttemptConnection connection) {
  const auto open = open_attempts_.find(row_id);
  if (open == open_attempts_.end()) return;
  open->second -= connection == AttemptConnection::kClosed ? 2 : 1;
  if (open->second <= 0) open_attempts_.erase(open);
}

Task<Result<void>> MemoryCallStore::commit_stored(std::int64_t row_id, std::int64_t fence, StoredAudio audio) {
  const auto found = row_at_fence(row_id, fence);
  if (!found) co_return fail(found.error());
  Recording& recording = **found;
  const bool is_deleted = recording.state == RecordingState::kDeleted;
  if (is_deleted) co_return fail(Errc::kStaleFence, "the recording is deleted");
  set_state(recording, RecordingState::kStored);
  recording.cause.reset();
  recording.audio = std::move(audio);
  recording.measure.reset();
  recording.measure_cause.reset();
  unmeasured_[row_id] = {recording.audio->stored_at, 0};
  audio_being_replaced_.erase(row_id);
  recording.damage.reset();
  recording.source_gone = false;
  recording.delete_at = end_of_retention(recording, recording.audio->stored_at);
  recording.source_due_at.reset();
  if (tenant(recording.business)->business.delete_at_provider) recording.source_due_at = recording.audio->stored_at;
  note_end(row_id, AttemptConnection::kClosed);
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::fail_attempt(std::int64_t row_id, std::int64_t fence, AttemptFailure failure) {
  const auto found = row_at_fence(row_id, fence);
  if (!found) co_return fail(found.error());
  Recording& recording = **found;
  if (recording.state != RecordingState::kProcessing) co_return fail(Errc::kStaleFence, "the attempt is over");
  const auto replaced = audio_being_replaced_.find(row_id);
  const bool is_absent = !failure.retry_at && failure.final_state == RecordingState::kAbsent;
  if (is_absent && replaced != audio_being_replaced_.end()) {
    set_state(recording, RecordingState::kStored);
    recording.cause.reset();
    recording.audio = replaced->second;
    recording.damage = recording.damage.value_or("") + "; the provider no longer has it";
    recording.source_gone = true;
    audio_being_replaced_.erase(replaced);
    note_end(row_id, failure.connection);
    co_return Result<void>();
  }
  set_state(recording, failure.retry_at ? RecordingState::kQueued : failure.final_state);
  if (failure.retry_at && !failure.attempt_counts) recording.attempts = std::max(0, recording.attempts - 1);
  recording.retry_at = failure.retry_at;
  recording.cause = std::move(failure.cause);
  note_end(row_id, failure.connection);
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::hand_back(std::int64_t row_id, std::int64_t fence, AttemptConnection connection) {
  const auto found = row_at_fence(row_id, fence);
  if (!found) co_return fail(found.error());
  Recording& recording = **found;
  if (recording.state != RecordingState::kProcessing) co_return fail(Errc::kStaleFence, "the attempt is over");
  set_state(recording, RecordingState::kQueued);
  recording.attempts = std::max(0, recording.attempts - 1);
  note_end(row_id, connection);
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::close_attempt(std::int64_t row_id, std::int64_t fence) {
  if (row_id < 1 || row_id > std::ssize(recordings_)) co_return Result<void>();
  const Recording& recording = row(row_id);
  const bool was_deleted = recording.state == RecordingState::kDeleted && recording.fence == fence + 1;
  if (recording.fence == fence || was_deleted) note_end(row_id, AttemptConnection::kClosed);
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) {
  Recording* found = find_row(business, sid);
  if (found == nullptr) co_return no_recording(sid);
  if (found->state != RecordingState::kProcessing) co_return Result<void>();
  set_state(*found, give_up ? RecordingState::kFailed : RecordingState::kQueued);
  if (give_up) found->cause = std::move(give_up);
  co_return Result<void>();
}

std::vector<WaitingRecording> MemoryCallStore::waiting_where(const BusinessId* business, std::int64_t after,
                                                             int limit) {
  std::vector<WaitingRecording> found;
  for (auto next = waiting_.upper_bound(after); next != waiting_.end() && std::ssize(found) < limit; ++next) {
    const Recording& entry = row(next->second);
    if (business != nullptr && entry.business != *business) continue;
    found.push_back({.business = entry.business,
                     .sid = entry.sid,
                     .lane = entry.lane,
                     .state = entry.state,
                     .wanted_order = entry.wanted_order,
                     .retry_at = entry.retry_at,
                     .cause = entry.cause});
  }
  return found;
}

Task<Result<std::vector<WaitingRecording>>> MemoryCallStore::waiting(std::int64_t after, int limit) {
  co_return waiting_where(nullptr, after, limit);
}

Task<Result<std::vector<WaitingRecording>>> MemoryCallStore::waiting_of(BusinessId business, std::int64_t after,
                                                                        int limit) {
  co_return waiting_where(&business, after, limit);
}

Task<Result<std::vector<Sid>>> MemoryCallStore::waiting_fetches(BusinessId business, SystemTime now, int limit) {
  std::vector<Sid> found;
  for (const auto& [order, row_id] : waiting_) {
    if (std::ssize(found) >= limit) break;
    const Recording& entry = row(row_id);
    const bool is_queued_fetch = entry.state == RecordingState::kQueued && entry.lane == Lane::kFetch;
    if (entry.business == business && is_queued_fetch && !is_backing_off(entry, now)) found.push_back(entry.sid);
  }
  co_return found;
}

Task<Result<std::vector<BacklogLine>>> MemoryCallStore::backlog(SystemTime now) {
  std::map<std::pair<Lane, BacklogReason>, BacklogLine> lines;
  for (const auto& [order, row_id] : waiting_) {
    const Recording& entry = row(row_id);
    BacklogReason reason = BacklogReason::kSlot;
    if (entry.state == RecordingState::kProcessing) {
      reason = BacklogReason::kRunning;
    } else if (is_backing_off(entry, now)) {
      reason = BacklogReason::kRetry;
    } else if (tenant(entry.business)->business.paused) {
      reason = BacklogReason::kPaused;
    }
    const SystemTime wanted_at = wanted_at_.at(row_id);
    BacklogLine& line = lines.try_emplace({entry.lane, reason}, entry.lane, reason, 0, wanted_at).first->second;
    ++line.count;
    line.oldest = std::min(line.oldest, wanted_at);
  }
  std::vector<BacklogLine> all;
  for (auto& [key, line] : lines) all.push_back(line);
  co_return all;
}

Task<Result<std::vector<BusinessId>>> MemoryCallStore::businesses_at_work() {
  std::set<BusinessId> found;
  for (const auto& [order, row_id] : waiting_) found.insert(row(row_id).business);
  for (const auto& [row_id, count] : open_attempts_) found.insert(row(row_id).business);
  co_return std::vector<BusinessId>(found.begin(), found.end());
}

Task<Result<bool>> MemoryCallStore::has_open_attempt(BusinessId business) {
  co_return std::ranges::any_of(open_attempts_,
                                [&](const auto& entry) { return row(entry.first).business == business; });
}

Task<Result<std::int64_t>> MemoryCallStore::raise_slot_epoch(BusinessId business, SystemTime now) {
  if (tenant(business) == nullptr) co_return no_business(business);
  std::int64_t& epoch = slot_epochs_[business];
  epoch = std::max(epoch + 1, std::int64_t{now.time_since_epoch().count()});
  co_return epoch;
}

Task<Result<std::int64_t>> MemoryCallStore::create_key(ApiKey key) {
  if (!key.business.empty() && tenant(key.business) == nullptr) co_return no_business(key.business);
  for (const ApiKey& other : keys_) {
    if (other.hash == key.hash) co_return fail(Errc::kConflict, "the key exists already");
  }
  key.id = std::ssize(keys_) + 1;
  key.revoked_at.reset();
  keys_.push_back(std::move(key));
  co_return keys_.back().id;
}

Task<Result<std::optional<ApiKey>>> MemoryCallStore::find_key(std::string hash) {
  for (const ApiKey& key : keys_) {
    if (key.hash == hash && !key.revoked_at) co_return key;
  }
  co_return std::nullopt;
}

Task<Result<std::vector<ApiKey>>> MemoryCallStore::list_keys() { co_return keys_; }

Task<Result<void>> MemoryCallStore::revoke_key(std::int64_t id, SystemTime now) {
  if (id < 1 || id > std::ssize(keys_)) co_return fail(Errc::kNotFound, fmt::format("no key {}", id));
  ApiKey& key = keys_[static_cast<std::size_t>(id - 1)];
  if (!key.revoked_at) key.revoked_at = now;
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::create_login(std::string token_hash, LoginGrant grant, SystemTime expires) {
  if (!grant.business.empty() && tenant(grant.business) == nullptr) co_return no_business(grant.business);
  const bool added = logins_.try_emplace(std::move(token_hash), Login{std::move(grant), expires}).second;
  if (!added) co_return fail(Errc::kConflict, "the login link exists already");
  co_return Result<void>();
}

Task<Result<std::optional<LoginGrant>>> MemoryCallStore::consume_login(std::string token_hash, SystemTime now) {
  const auto taken = logins_.extract(token_hash);
  if (taken.empty() || taken.mapped().expires <= now) co_return std::nullopt;
  co_return taken.mapped().grant;
}

bool MemoryCallStore::is_live(const PageSession& session, SystemTime now) const {
  const auto is_its_revoked_key = [&](const ApiKey& key) { return key.id == session.key_id && key.revoked_at; };
  return session.expires_at > now && std::ranges::none_of(keys_, is_its_revoked_key);
}

Task<Result<std::int64_t>> MemoryCallStore::create_session(PageSession session) {
  if (!session.business.empty() && tenant(session.business) == nullptr) co_return no_business(session.business);
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.expires_at <= session.created_at; });
  for (const auto& [id, other] : sessions_) {
    if (other.token_hash == session.token_hash) co_return fail(Errc::kConflict, "the session exists already");
  }
  session.id = ++last_session_;
  sessions_.emplace(last_session_, std::move(session));
  co_return last_session_;
}

Task<Result<std::optional<PageSession>>> MemoryCallStore::find_session(std::string token_hash, SystemTime now,
                                                                       SystemTime seen_since) {
  for (const auto& [id, session] : sessions_) {
    if (session.token_hash != token_hash) continue;
    if (is_live(session, now) && session.seen_at >= seen_since) co_return session;
  }
  co_return std::nullopt;
}

Task<Result<void>> MemoryCallStore::touch_session(std::int64_t id, SystemTime now) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) found->second.seen_at = std::max(found->second.seen_at, now);
  co_return Result<void>();
}

Task<Result<std::vector<PageSession>>> MemoryCallStore::list_sessions(SystemTime now) {
  std::vector<PageSession> live;
  for (const auto& [id, session] : sessions_) {
    if (is_live(session, now)) live.push_back(session);
  }
  co_return live;
}

Task<Result<void>> MemoryCallStore::end_session(std::int64_t id) {
  if (sessions_.erase(id) == 0) co_return fail(Errc::kNotFound, fmt::format("no session {}", id));
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::append_audit(std::vector<AuditEntry> entries) {
  audit_.insert(audit_.end(), entries.begin(), entries.end());
  co_return Result<void>();
}

Task<Result<void>> MemoryCallStore::ping() { co_return Result<void>(); }

}  // namespace tapedeck

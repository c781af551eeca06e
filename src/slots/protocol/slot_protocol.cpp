#include "slots/protocol/slot_protocol.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "slots/protocol/planted_bugs.hpp"

namespace tapedeck {
namespace {

bool is_active(SlotPlace place) noexcept { return place == SlotPlace::kGranted || place == SlotPlace::kRunning; }

}  // namespace

// Admission.

bool BusinessSlots::is_held_back(SystemTime now) const {
  return now < hold_ || (blocked_ && (!blocked_until_ || now < *blocked_until_));
}

bool BusinessSlots::may_admit(SystemTime now) const { return active() < limit_ && waiting() > 0 && !is_held_back(now); }

bool BusinessSlots::is_beyond_window(Lane lane) const {
  return lane == Lane::kFetch && (beyond_ > 0 || waiting(Lane::kFetch) >= fetch_window_);
}

bool BusinessSlots::wants_refill() const { return beyond_ > 0 && waiting(Lane::kFetch) <= fetch_window_ / 2; }

Lane BusinessSlots::next_lane() const {
  if (play_.empty()) return Lane::kFetch;
  if (fetch_.empty()) return Lane::kPlay;
  return plays_since_fetch_ >= kFetchShare - 1 ? Lane::kFetch : Lane::kPlay;
}

Admitted BusinessSlots::grant_head(Lane lane) {
  const Sid sid = lane_of(lane).begin()->second;
  Entry& entry = entries_.at(sid);
  entry.by_share = lane == Lane::kFetch && !play_.empty();
  plays_since_fetch_ = lane == Lane::kPlay ? plays_since_fetch_ + 1 : 0;
  unlink(sid, entry);
  entry.place = SlotPlace::kGranted;
  entry.rank = next_rank_++;
  active_.emplace(entry.rank, sid);
  return {sid, lane, active(), limit_};
}

std::vector<Admitted> BusinessSlots::admit(SystemTime now) {
  std::vector<Admitted> admitted;
  while (may_admit(now)) admitted.push_back(grant_head(next_lane()));
  return admitted;
}

// A press that found no free slot may take the place of an automatic fetch that no worker has taken yet.
std::vector<Admitted> BusinessSlots::admit_press(SystemTime now) {
  std::vector<Admitted> admitted = admit(now);
  if (!play_.empty() && !is_held_back(now) && active() == limit_ && yield_one_fetch_grant()) {
    admitted.push_back(grant_head(Lane::kPlay));
  }
  return admitted;
}

bool BusinessSlots::yield_one_fetch_grant() {
  for (auto it = active_.rbegin(); it != active_.rend(); ++it) {
    Entry& entry = entries_.at(it->second);
    if (entry.place != SlotPlace::kGranted || entry.lane != Lane::kFetch) continue;
    const Sid sid = it->second;
    if (entry.by_share) plays_since_fetch_ = kFetchShare - 1;  // its turn is only put off
    unlink(sid, entry);
    push_front(sid, entry);
    return true;
  }
  return false;
}

void BusinessSlots::return_unclaimed(std::size_t keep) {
  std::vector<Sid> newest_first;
  for (auto it = active_.rbegin(); it != active_.rend(); ++it) {
    if (entries_.at(it->second).place == SlotPlace::kGranted) newest_first.push_back(it->second);
  }
  for (const Sid& sid : newest_first) {
    if (active_.size() <= keep) return;
    Entry& entry = entries_.at(sid);
    unlink(sid, entry);
    push_front(sid, entry);
  }
}

// Places.

void BusinessSlots::push_back(const Sid& sid, Entry& entry, Lane lane) {
  entry.place = SlotPlace::kWaiting;
  entry.lane = lane;
  entry.rank = next_rank_++;
  lane_of(lane).insert({entry.rank, sid});
}

void BusinessSlots::push_front(const Sid& sid, Entry& entry) {
  entry.place = SlotPlace::kWaiting;
  entry.rank = head_rank_--;
  lane_of(entry.lane).insert({entry.rank, sid});
}

void BusinessSlots::delay(const Sid& sid, Entry& entry, SystemTime until, std::string why) {
  entry.place = SlotPlace::kDelayed;
  entry.deadline = until;
  entry.why = std::move(why);
  delayed_.emplace(until, sid);
}

void BusinessSlots::unlink(const Sid& sid, Entry& entry) {
  switch (entry.place) {
    case SlotPlace::kWaiting:
      lane_of(entry.lane).erase(entry.rank);
      break;
    case SlotPlace::kDelayed:
      delayed_.erase({entry.deadline, sid});
      break;
    case SlotPlace::kRunning:
      leases_.erase(entry.lease);
      [[fallthrough]];
    case SlotPlace::kGranted:
      active_.erase(entry.rank);
      break;
    case SlotPlace::kNone:
      break;
  }
  entry.lease.clear();
  entry.place = SlotPlace::kNone;
}

// Requests.

RequestAnswer BusinessSlots::request(const Sid& sid, Lane lane, const OperationId& op, SystemTime now) {
  if (is_beyond_window(lane) && !has(sid)) return turn_away(now);
  const auto [found, is_new] = entries_.try_emplace(sid);
  Entry& entry = found->second;
  const bool was_active = is_active(entry.place);
  const RequestKind known = is_new ? place_newcomer(sid, entry, lane) : request_again(sid, entry, lane, op);
  std::vector<Admitted> admitted;
  const bool forgets_to_admit =
      planted(PlantedBug::kLostWakeUp) || (planted(PlantedBug::kDrainOnlyOnRelease) && active() > 0);
  if (!forgets_to_admit) admitted = lane == Lane::kPlay ? admit_press(now) : admit(now);

  const RequestKind kind = !was_active && is_active(entry.place) ? RequestKind::kAcquired : known;
  if (is_new || entry.request_op.empty() || kind == RequestKind::kAcquired) {
    entry.request_op = op;
    entry.request_kind = kind;
  }
  return answer_request(kind, sid, lane, std::move(admitted), now);
}

RequestAnswer BusinessSlots::turn_away(SystemTime now) {
  ++beyond_;
  RequestAnswer answer;
  answer.kind = RequestKind::kBeyond;
  answer.admitted = admit(now);
  answer.active = active();
  answer.limit = limit_;
  answer.queue_length = waiting();
  answer.lane_length = waiting(Lane::kFetch);
  answer.why = why_beyond();
  return answer;
}

RequestKind BusinessSlots::place_newcomer(const Sid& sid, Entry& entry, Lane lane) {
  push_back(sid, entry, lane);
  if (planted(PlantedBug::kNewcomerOvertakes)) {
    unlink(sid, entry);
    push_front(sid, entry);
  }
  return RequestKind::kQueued;
}

// What is known already stays where it is, but a press moves it to the play lane.
RequestKind BusinessSlots::request_again(const Sid& sid, Entry& entry, Lane lane, const OperationId& op) {
  const bool is_repeat = !op.empty() && entry.request_op == op;
  if (is_active(entry.place)) {
    if (planted(PlantedBug::kDedupExpires) && entry.place == SlotPlace::kRunning) {
      leases_.erase(entry.lease);
      entry.place = SlotPlace::kGranted;
    }
    if (entry.place == SlotPlace::kGranted && lane == Lane::kPlay) entry.lane = Lane::kPlay;
    return is_repeat && entry.request_kind == RequestKind::kAcquired ? RequestKind::kAcquired
                                                                     : RequestKind::kProcessing;
  }
  if (entry.place == SlotPlace::kDelayed) return RequestKind::kDelayed;
  if (is_repeat) return RequestKind::kQueued;
  if (lane == Lane::kPlay && entry.lane == Lane::kFetch) {
    unlink(sid, entry);
    push_back(sid, entry, Lane::kPlay);
  }
  return RequestKind::kAlreadyQueued;
}

RequestAnswer BusinessSlots::answer_request(RequestKind kind, const Sid& sid, Lane lane, std::vector<Admitted> admitted,
                                            SystemTime now) {
  std::erase_if(admitted, [&sid](const Admitted& other) { return other.sid == sid; });
  const SlotStatus status = status_of(entries_.at(sid), now);
  RequestAnswer answer;
  answer.kind = kind;
  answer.active = active();
  answer.limit = limit_;
  answer.position = status.position;
  answer.queue_length = waiting();
  answer.lane_length = waiting(lane);
  answer.until = status.until;
  answer.why = status.why;
  answer.admitted = std::move(admitted);
  return answer;
}

// Leases.

std::optional<ClaimAnswer> BusinessSlots::claim(bool play_only, const LeaseId& lease, SystemTime now) {
  // The caller lost the first answer, and begins to renew only now.
  if (renew(lease, now)) return held_by(lease);
  for (const Lane lane : {Lane::kPlay, Lane::kFetch}) {
    if (play_only && lane == Lane::kFetch) break;
    for (const auto& [rank, sid] : active_) {
      Entry& entry = entries_.at(sid);
      if (entry.place != SlotPlace::kGranted || entry.lane != lane) continue;
      entry.place = SlotPlace::kRunning;
      entry.lease = lease;
      entry.deadline = now + kLeaseTtl;
      leases_.emplace(lease, sid);
      return ClaimAnswer{sid, lane};
    }
  }
  return std::nullopt;
}

std::optional<ClaimAnswer> BusinessSlots::held_by(const LeaseId& lease) const {
  const auto held = leases_.find(lease);
  if (held == leases_.end()) return std::nullopt;
  return ClaimAnswer{held->second, entries_.at(held->second).lane};
}

bool BusinessSlots::renew(const LeaseId& lease, SystemTime now) {
  const auto held = leases_.find(lease);
  if (held == leases_.end()) return false;
  entries_.at(held->second).deadline = now + kLeaseTtl;
  return true;
}

FinishAnswer BusinessSlots::finish(const LeaseId& lease, const FinishOutcome& outcome, SystemTime now) {
  prune_memory(now);
  if (const auto before = finished_.find(lease); before != finished_.end()) {
    FinishAnswer again = before->second.answer;
    again.repeated = true;
    again.admitted = admit(now);
    return again;
  }
  const auto held = leases_.find(lease);
  if (held == leases_.end()) {
    FinishAnswer answer{false, false, active(), limit_, admit(now)};
    if (planted(PlantedBug::kReleaseNotHeld) && waiting() > 0) answer.admitted.push_back(grant_head(next_lane()));
    return answer;
  }

  const Sid sid = held->second;
  Entry& entry = entries_.at(sid);
  unlink(sid, entry);
  FinishAnswer answer{true, false, active(), limit_, {}};
  switch (outcome.kind) {
    case FinishKind::kDone:
      entries_.erase(sid);
      break;
    case FinishKind::kHandBack:
      push_front(sid, entry);
      break;
    case FinishKind::kRetry:
      delay(sid, entry, outcome.retry_at.value_or(now), outcome.why);
      if (planted(PlantedBug::kRetryOutsideLimit) && waiting() > 0) {
        std::vector<Admitted> others = admit(now);
        unlink(sid, entry);
        entry.place = SlotPlace::kGranted;
        entry.rank = next_rank_++;
        active_.emplace(entry.rank, sid);
      }
      requeue_due(now);
      break;
  }
  answer.admitted = admit(now);
  if (planted(PlantedBug::kHandoffLosesJob) && !answer.admitted.empty()) {
    const Sid lost = answer.admitted.front().sid;
    unlink(lost, entries_.at(lost));
    entries_.erase(lost);
  }
  remember(lease, answer, now);
  return answer;
}

void BusinessSlots::remember(const LeaseId& lease, const FinishAnswer& answer, SystemTime now) {
  finished_.emplace(lease, Remembered{now + kAnswerMemory, answer});
  finish_order_.push_back(lease);
}

void BusinessSlots::prune_memory(SystemTime now) {
  while (!finish_order_.empty()) {
    const auto oldest = finished_.find(finish_order_.front());
    if (oldest->second.forget_at > now) return;
    finished_.erase(oldest);
    finish_order_.pop_front();
  }
}

// Rules of the business.

std::vector<Admitted> BusinessSlots::block(std::optional<SystemTime> until, const std::string& why, SystemTime now) {
  // The longer block holds: a provider's pause never ends an operator's.
  const bool is_shorter = blocked_ && until && (!blocked_until_ || *until < *blocked_until_);
  if (!is_shorter) {
    blocked_ = true;
    blocked_until_ = until;
    blocked_why_ = why;
  }
  return_unclaimed(0);
  return admit(now);
}

std::vector<Admitted> BusinessSlots::unblock(SystemTime now) {
  blocked_ = false;
  blocked_until_.reset();
  blocked_why_.clear();
  if (planted(PlantedBug::kDrainOnlyOnRelease)) return {};
  return admit(now);
}

CancelAnswer BusinessSlots::cancel(const Sid& sid, SystemTime now) {
  const auto found = entries_.find(sid);
  if (found == entries_.end()) return {CancelKind::kUnknown, admit(now)};
  if (found->second.place == SlotPlace::kRunning) return {CancelKind::kRunning, admit(now)};
  unlink(sid, found->second);
  entries_.erase(found);
  if (planted(PlantedBug::kDrainOnlyOnRelease)) return {CancelKind::kCancelled, {}};
  return {CancelKind::kCancelled, admit(now)};
}

std::vector<Admitted> BusinessSlots::set_limit(int limit, SystemTime now) {
  limit_ = std::clamp(limit, 1, kSlotLimitMax);
  return_unclaimed(static_cast<std::size_t>(limit_));
  if (planted(PlantedBug::kDrainOnlyOnRelease)) return {};
  return admit(now);
}

// Sweep and recovery.

std::vector<Reclaimed> BusinessSlots::reclaim_expired(SystemTime now) {
  std::vector<Sid> newest_first;
  for (auto it = active_.rbegin(); it != active_.rend(); ++it) {
    const Entry& entry = entries_.at(it->second);
    if (entry.place == SlotPlace::kRunning && entry.deadline <= now) newest_first.push_back(it->second);
  }
  std::vector<Reclaimed> reclaimed;
  for (const Sid& sid : newest_first) {
    Entry& entry = entries_.at(sid);
    unlink(sid, entry);
    const bool gave_up = ++entry.reclaims > kMaxReclaims;
    reclaimed.push_back({sid, entry.lane, gave_up});
    if (gave_up) {
      entries_.erase(sid);
    } else {
      push_front(sid, entry);
    }
  }
  std::ranges::reverse(reclaimed);
  return reclaimed;
}

void BusinessSlots::requeue_due(SystemTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const Sid sid = delayed_.begin()->second;
    Entry& entry = entries_.at(sid);
    unlink(sid, entry);
    push_back(sid, entry, entry.lane);
  }
}

SweepAnswer BusinessSlots::sweep(SystemTime now) {
  SweepAnswer answer;
  if (blocked_ && blocked_until_ && *blocked_until_ <= now) {
    blocked_ = false;
    blocked_until_.reset();
    blocked_why_.clear();
  }
  if (hold_ <= now) hold_ = SystemTime{};
  if (!planted(PlantedBug::kLeakOnCrash)) answer.reclaimed = reclaim_expired(now);
  requeue_due(now);
  if (!planted(PlantedBug::kDrainOnlyOnRelease)) answer.admitted = admit(now);
  prune_memory(now);
  if (wants_refill()) {
    answer.refill = beyond_;
    refill_at_ = now + kRefillPause;
  }
  return answer;
}

std::vector<Admitted> BusinessSlots::refill(std::int64_t refill, const std::vector<Sid>& sids, bool is_all,
                                            SystemTime now) {
  bool has_room = true;
  for (const Sid& sid : sids) {
    if (has(sid)) continue;
    has_room = waiting(Lane::kFetch) < fetch_window_;
    if (!has_room) break;
    push_back(sid, entries_[sid], Lane::kFetch);
  }
  if (is_all && has_room && refill == beyond_) beyond_ = 0;
  refill_at_ = SystemTime{};
  return admit(now);
}

std::vector<Admitted> BusinessSlots::recover(std::int64_t epoch, int limit, const std::vector<RecoveredEntry>& entries,
                                             bool has_beyond, SystemTime hold, SystemTime now) {
  if (epoch <= epoch_) return {};
  BusinessSlots fresh(limit, fetch_window_);
  fresh.beyond_ = has_beyond ? 1 : 0;
  fresh.epoch_ = epoch;
  fresh.hold_ = hold;
  fresh.blocked_ = blocked_;
  fresh.blocked_until_ = blocked_until_;
  fresh.blocked_why_ = blocked_why_;
  *this = std::move(fresh);
  for (const bool interrupted : {true, false}) {
    for (const RecoveredEntry& recovered : entries) {
      if (recovered.was_processing != interrupted) continue;
      const auto [found, is_new] = entries_.try_emplace(recovered.sid);
      if (!is_new) continue;
      found->second.lane = recovered.lane;
      if (recovered.retry_at && *recovered.retry_at > now) {
        delay(recovered.sid, found->second, *recovered.retry_at, recovered.why);
      } else {
        push_back(recovered.sid, found->second, recovered.lane);
      }
    }
  }
  return admit(now);
}

}  // namespace tapedeck

#include "slots/protocol/slot_protocol.hpp"

#include <algorithm>

namespace tapedeck {

// Admission.

bool BusinessSlots::may_admit(SystemTime now) const { return active() < limit_ && waiting() > 0 && !is_held_back(now); }

bool BusinessSlots::is_beyond_window(Lane lane) const {
  return lane == Lane::kFetch && (beyond_ > 0 || waiting(Lane::kFetch) >= fetch_window_);
}

bool BusinessSlots::wants_refill() const { return beyond_ > 0 && waiting(Lane::kFetch) <= fetch_window_ / 2; }

Lane BusinessSlots::next_lane() const {
  if (waiting(Lane::kPlay) == 0) return Lane::kFetch;
  if (waiting(Lane::kFetch) == 0) return Lane::kPlay;
  return plays_since_fetch_ >= kFetchShare - 1 ? Lane::kFetch : Lane::kPlay;
}

Admitted BusinessSlots::grant_head(Lane lane) {
  const Sid sid = places_.lane(lane).begin()->second;
  Entry& entry = places_.at(sid);
  entry.by_share = lane == Lane::kFetch && waiting(Lane::kPlay) > 0;
  plays_since_fetch_ = lane == Lane::kPlay ? plays_since_fetch_ + 1 : 0;
  places_.grant(sid, entry);
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
  if (waiting(Lane::kPlay) > 0 && !is_held_back(now) && active() == limit_ && yield_one_fetch_grant()) {
    admitted.push_back(grant_head(Lane::kPlay));
  }
  return admitted;
}

bool BusinessSlots::yield_one_fetch_grant() {
  for (const Sid& sid : places_.unclaimed()) {
    Entry& entry = places_.at(sid);
    if (entry.lane != Lane::kFetch) continue;
    if (entry.by_share) plays_since_fetch_ = kFetchShare - 1;  // the automatic lane keeps its turn
    places_.push_front(sid, entry);
    return true;
  }
  return false;
}

void BusinessSlots::return_unclaimed(std::size_t keep) {
  for (const Sid& sid : places_.unclaimed()) {
    if (places_.active().size() <= keep) return;
    places_.push_front(sid, places_.at(sid));
  }
}

// Requests.

RequestAnswer BusinessSlots::request(const Sid& sid, Lane lane, const OperationId& op, SystemTime now) {
  if (is_beyond_window(lane) && !has(sid)) return turn_away(now);
  const auto [entry, is_new] = places_.add(sid);
  const bool was_active = entry.is_active();
  RequestKind kind = RequestKind::kQueued;
  if (is_new) {
    places_.push_back(sid, entry, lane);
  } else {
    kind = request_again(sid, entry, lane, op);
  }
  RequestAnswer answer;
  answer.admitted = lane == Lane::kPlay ? admit_press(now) : admit(now);
  std::erase_if(answer.admitted, [&sid](const Admitted& other) { return other.sid == sid; });

  answer.kind = !was_active && entry.is_active() ? RequestKind::kAcquired : kind;
  if (is_new || entry.request_op.empty() || answer.kind == RequestKind::kAcquired) {
    entry.request_op = op;
    entry.request_kind = answer.kind;
  }
  answer.status = status_of(entry, now);
  answer.lane_length = waiting(lane);
  return answer;
}

RequestAnswer BusinessSlots::turn_away(SystemTime now) {
  ++beyond_;
  RequestAnswer answer;
  answer.kind = RequestKind::kBeyond;
  answer.admitted = admit(now);
  answer.status = status(Sid(), now);
  answer.status.lane = Lane::kFetch;
  answer.lane_length = waiting(Lane::kFetch);
  return answer;
}

// What is known already stays where it is, but a press moves it to the play lane.
RequestKind BusinessSlots::request_again(const Sid& sid, Entry& entry, Lane lane, const OperationId& op) {
  const bool is_repeat = !op.empty() && entry.request_op == op;
  if (entry.is_active()) {
    if (entry.place == SlotPlace::kGranted && lane == Lane::kPlay) entry.lane = Lane::kPlay;
    return is_repeat && entry.request_kind == RequestKind::kAcquired ? RequestKind::kAcquired
                                                                     : RequestKind::kProcessing;
  }
  if (entry.place == SlotPlace::kDelayed) return RequestKind::kDelayed;
  if (is_repeat) return RequestKind::kQueued;
  if (lane == Lane::kPlay && entry.lane == Lane::kFetch) places_.push_back(sid, entry, Lane::kPlay);
  return RequestKind::kAlreadyQueued;
}

// Leases.

std::optional<ClaimAnswer> BusinessSlots::claim(bool play_only, const LeaseId& lease, SystemTime now) {
  // The caller lost the first answer, and begins to renew only now.
  if (renew(lease, now)) return held_by(lease);
  for (const Lane lane : {Lane::kPlay, Lane::kFetch}) {
    if (play_only && lane == Lane::kFetch) break;
    const Sid* sid = places_.first_unclaimed(lane);
    if (sid == nullptr) continue;
    places_.run(*sid, places_.at(*sid), lease, now + kLeaseTtl);
    return ClaimAnswer{*sid, lane};
  }
  return std::nullopt;
}

std::optional<ClaimAnswer> BusinessSlots::held_by(const LeaseId& lease) const {
  const Sid* held = places_.held_by(lease);
  if (held == nullptr) return std::nullopt;
  return ClaimAnswer{*held, places_.at(*held).lane};
}

bool BusinessSlots::renew(const LeaseId& lease, SystemTime now) {
  const Sid* held = places_.held_by(lease);
  if (held == nullptr) return false;
  places_.at(*held).deadline = now + kLeaseTtl;
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
  const auto held = held_by(lease);
  if (!held) return {false, false, active(), limit_, admit(now)};

  const Sid& sid = held->sid;
  Entry& entry = places_.at(sid);
  places_.unlink(sid, entry);
  FinishAnswer answer{true, false, active(), limit_, {}};
  switch (outcome.kind) {
    case FinishKind::kDone: places_.forget(sid); break;
    case FinishKind::kHandBack: places_.push_front(sid, entry); break;
    case FinishKind::kRetry:
      places_.delay(sid, entry, outcome.retry_at.value_or(now), outcome.why);
      requeue_due(now);
      break;
  }
  answer.admitted = admit(now);
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
  lift_block();
  return admit(now);
}

void BusinessSlots::lift_block() {
  blocked_ = false;
  blocked_until_.reset();
  blocked_why_.clear();
}

CancelAnswer BusinessSlots::cancel(const Sid& sid, SystemTime now) {
  const Entry* entry = places_.find(sid);
  if (entry == nullptr) return {CancelKind::kUnknown, admit(now)};
  if (entry->place == SlotPlace::kRunning) return {CancelKind::kRunning, admit(now)};
  places_.forget(sid);
  return {CancelKind::kCancelled, admit(now)};
}

std::vector<Admitted> BusinessSlots::set_limit(int limit, SystemTime now) {
  limit_ = std::clamp(limit, 1, kSlotLimitMax);
  return_unclaimed(static_cast<std::size_t>(limit_));
  return admit(now);
}

// Sweep and rebuild.

std::vector<Reclaimed> BusinessSlots::reclaim_expired(SystemTime now) {
  std::vector<Sid> newest_first;
  for (auto it = places_.active().rbegin(); it != places_.active().rend(); ++it) {
    const Entry& entry = places_.at(it->second);
    if (entry.place == SlotPlace::kRunning && entry.deadline <= now) newest_first.push_back(it->second);
  }
  std::vector<Reclaimed> reclaimed;
  for (const Sid& sid : newest_first) {
    Entry& entry = places_.at(sid);
    const bool gave_up = ++entry.reclaims > kMaxReclaims;
    reclaimed.push_back({sid, entry.lane, gave_up});
    if (gave_up) {
      places_.forget(sid);
    } else {
      places_.push_front(sid, entry);
    }
  }
  std::ranges::reverse(reclaimed);
  return reclaimed;
}

void BusinessSlots::requeue_due(SystemTime now) {
  while (delayed() > 0 && places_.delayed().begin()->first <= now) {
    const Sid sid = places_.delayed().begin()->second;
    Entry& entry = places_.at(sid);
    places_.push_back(sid, entry, entry.lane);
  }
}

SweepAnswer BusinessSlots::sweep(SystemTime now) {
  SweepAnswer answer;
  if (blocked_ && !is_blocked(now)) lift_block();
  if (hold_ <= now) hold_ = SystemTime{};
  answer.reclaimed = reclaim_expired(now);
  requeue_due(now);
  answer.admitted = admit(now);
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
    places_.push_back(sid, places_.add(sid).first, Lane::kFetch);
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
      const auto [entry, is_new] = places_.add(recovered.sid);
      if (!is_new) continue;
      if (recovered.retry_at && *recovered.retry_at > now) {
        entry.lane = recovered.lane;
        places_.delay(recovered.sid, entry, *recovered.retry_at, recovered.why);
      } else {
        places_.push_back(recovered.sid, entry, recovered.lane);
      }
    }
  }
  return admit(now);
}

// What people and tests ask; nothing from here on changes anything.

std::string BusinessSlots::why_waiting(SystemTime now) const {
  if (is_blocked(now)) return blocked_why_;
  if (now < hold_) return std::string(kWhyHold);
  return why_limit(active(), limit_);
}

SlotStatus BusinessSlots::status_of(const Entry& entry, SystemTime now) const {
  SlotStatus status{entry.place, entry.lane, 0, waiting(), active(), limit_, {}, {}};
  switch (entry.place) {
    case SlotPlace::kGranted: status.why = kWhyNoWorker; break;
    case SlotPlace::kDelayed:
      status.until = entry.deadline;
      status.why = entry.why;
      break;
    case SlotPlace::kWaiting:
      status.position = places_.position_in_lane(entry) + (entry.lane == Lane::kFetch ? waiting(Lane::kPlay) : 0);
      status.why = why_waiting(now);
      if (is_blocked(now)) status.until = blocked_until_;
      break;
    case SlotPlace::kRunning:
    case SlotPlace::kNone: break;
  }
  return status;
}

SlotStatus BusinessSlots::status(const Sid& sid, SystemTime now) const {
  const Entry* entry = places_.find(sid);
  if (entry != nullptr) return status_of(*entry, now);
  SlotStatus nowhere = status_of({}, now);
  if (beyond_ > 0) nowhere.why = why_beyond(std::to_string(waiting(Lane::kFetch)));
  return nowhere;
}

QueueState BusinessSlots::view(std::size_t most, SystemTime now) const {
  QueueState view;
  view.active = active();
  view.limit = limit_;
  view.waiting_play = waiting(Lane::kPlay);
  view.waiting_fetch = waiting(Lane::kFetch);
  view.delayed = delayed();
  view.has_beyond = has_beyond();
  if (is_blocked(now)) {
    view.blocked_until = blocked_until_;
    view.blocked_why = blocked_why_;
  }
  const auto append_all = [&](const auto& list) {
    for (const auto& [order, sid] : list) {
      if (view.items.size() == most) return;
      view.items.push_back({sid, status_of(places_.at(sid), now)});
    }
  };
  append_all(places_.active());
  append_all(places_.lane(Lane::kPlay));
  append_all(places_.lane(Lane::kFetch));
  append_all(places_.delayed());
  return view;
}

std::optional<SystemTime> BusinessSlots::next_due() const {
  std::optional<SystemTime> due;
  const auto consider = [&due](SystemTime at) {
    if (!due || at < *due) due = at;
  };
  for (const auto& [rank, sid] : places_.active()) {
    const Entry& entry = places_.at(sid);
    if (entry.place == SlotPlace::kRunning) consider(entry.deadline);
  }
  if (delayed() > 0) consider(places_.delayed().begin()->first);
  if (hold_ != SystemTime{}) consider(hold_);
  if (wants_refill()) consider(refill_at_);
  if (blocked_ && blocked_until_) consider(*blocked_until_);
  if (!finish_order_.empty()) consider(finished_.at(finish_order_.front()).forget_at);
  return due;
}

bool BusinessSlots::at_rest() const noexcept {
  return places_.empty() && finished_.empty() && !blocked_ && hold_ == SystemTime{} && beyond_ == 0;
}

std::string BusinessSlots::broken_invariant(SystemTime now) const {
  if (may_admit(now)) return "a slot is free, nothing forbids admission, and somebody waits";
  return places_.broken_link();
}

}  // namespace tapedeck

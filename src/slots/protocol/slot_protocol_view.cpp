#include <algorithm>

#include <fmt/format.h>

#include "slots/protocol/slot_protocol.hpp"

// What people and tests ask of a business's slots; nothing here changes them.

namespace tapedeck {

int BusinessSlots::position_of(const Entry& entry) const {
  if (entry.place != SlotPlace::kWaiting) return 0;
  const std::size_t before = lane_of(entry.lane).order_of_key(entry.rank);
  return static_cast<int>(before) + 1 + (entry.lane == Lane::kFetch ? waiting(Lane::kPlay) : 0);
}

std::string BusinessSlots::why_waiting(SystemTime now) const {
  if (blocked_ && (!blocked_until_ || now < *blocked_until_)) return blocked_why_;
  if (now < hold_) return "downloads from before a restart may still be open at the provider";
  return fmt::format("{} of {} downloads of this business are running", active(), limit_);
}

std::string BusinessSlots::why_beyond() const {
  return fmt::format("{} automatic fetches of this business wait before it", waiting(Lane::kFetch));
}

SlotStatus BusinessSlots::status_of(const Entry& entry, SystemTime now) const {
  SlotStatus status;
  status.place = entry.place;
  status.lane = entry.lane;
  status.position = position_of(entry);
  status.queue_length = waiting();
  status.active = active();
  status.limit = limit_;
  switch (entry.place) {
    case SlotPlace::kGranted:
      status.why = "waiting for a free worker";
      break;
    case SlotPlace::kDelayed:
      status.until = entry.deadline;
      status.why = entry.why;
      break;
    case SlotPlace::kWaiting:
      status.why = why_waiting(now);
      if (blocked_ && blocked_until_ && now < *blocked_until_) status.until = blocked_until_;
      break;
    case SlotPlace::kRunning:
    case SlotPlace::kNone:
      break;
  }
  return status;
}

SlotStatus BusinessSlots::status(const Sid& sid, SystemTime now) const {
  const auto found = entries_.find(sid);
  if (found != entries_.end()) return status_of(found->second, now);
  SlotStatus nowhere;
  nowhere.queue_length = waiting();
  nowhere.active = active();
  nowhere.limit = limit_;
  if (beyond_ > 0) nowhere.why = why_beyond();
  return nowhere;
}

BusinessView BusinessSlots::view(std::size_t most, SystemTime now) const {
  BusinessView view;
  view.active = active();
  view.limit = limit_;
  view.waiting_play = waiting(Lane::kPlay);
  view.waiting_fetch = waiting(Lane::kFetch);
  view.delayed = delayed();
  view.has_beyond = has_beyond();
  if (blocked_ && (!blocked_until_ || now < *blocked_until_)) {
    view.blocked_until = blocked_until_;
    view.blocked_why = blocked_why_;
  }
  const auto append = [&](const Sid& sid) {
    if (view.items.size() < most) view.items.push_back({sid, status_of(entries_.at(sid), now)});
    return view.items.size() < most;
  };
  for (const auto& [rank, sid] : active_) {
    if (!append(sid)) return view;
  }
  for (const RankedSids* lane : {&play_, &fetch_}) {
    for (const auto& [rank, sid] : *lane) {
      if (!append(sid)) return view;
    }
  }
  for (const auto& [due, sid] : delayed_) {
    if (!append(sid)) return view;
  }
  return view;
}

bool BusinessSlots::has_unclaimed(Lane lane) const noexcept {
  return std::ranges::any_of(active_, [this, lane](const auto& item) {
    const Entry& entry = entries_.at(item.second);
    return entry.place == SlotPlace::kGranted && entry.lane == lane;
  });
}

std::optional<SystemTime> BusinessSlots::next_due() const {
  std::optional<SystemTime> due;
  const auto consider = [&due](SystemTime at) {
    if (!due || at < *due) due = at;
  };
  for (const auto& [rank, sid] : active_) {
    const Entry& entry = entries_.at(sid);
    if (entry.place == SlotPlace::kRunning) consider(entry.deadline);
  }
  if (!delayed_.empty()) consider(delayed_.begin()->first);
  if (hold_ != SystemTime{}) consider(hold_);
  if (wants_refill()) consider(refill_at_);
  if (blocked_ && blocked_until_) consider(*blocked_until_);
  if (!finish_order_.empty()) consider(finished_.at(finish_order_.front()).forget_at);
  return due;
}

bool BusinessSlots::at_rest() const noexcept {
  return entries_.empty() && finished_.empty() && !blocked_ && hold_ == SystemTime{} && beyond_ == 0;
}

std::string BusinessSlots::broken_invariant(SystemTime now) const {
  if (may_admit(now)) return "a slot is free, nothing forbids admission, and somebody waits";
  const std::size_t places = active_.size() + play_.size() + fetch_.size() + delayed_.size();
  if (places != entries_.size()) return "a recording is in two places, or in none";
  std::size_t running = 0;
  for (const auto& [sid, entry] : entries_) {
    bool linked = false;
    switch (entry.place) {
      case SlotPlace::kGranted:
      case SlotPlace::kRunning:
        linked = active_.contains(entry.rank) && active_.at(entry.rank) == sid;
        break;
      case SlotPlace::kWaiting: {
        const auto found = lane_of(entry.lane).find(entry.rank);
        linked = found != lane_of(entry.lane).end() && found->second == sid;
        break;
      }
      case SlotPlace::kDelayed:
        linked = delayed_.contains({entry.deadline, sid});
        break;
      case SlotPlace::kNone:
        break;
    }
    if (!linked) return "a recording is not where it says it is: " + sid.str();
    if (entry.place == SlotPlace::kRunning) {
      ++running;
      const auto held = leases_.find(entry.lease);
      if (held == leases_.end() || held->second != sid) return "a running recording without its lease: " + sid.str();
    }
  }
  if (running != leases_.size()) return "a lease without its recording";
  return {};
}

}  // namespace tapedeck

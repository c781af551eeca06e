#include "slots/protocol/slot_places.hpp"

namespace tapedeck {

std::pair<SlotPlaces::Entry&, bool> SlotPlaces::add(const Sid& sid) {
  const auto [found, is_new] = entries_.try_emplace(sid);
  return {found->second, is_new};
}

const SlotPlaces::Entry* SlotPlaces::find(const Sid& sid) const {
  const auto found = entries_.find(sid);
  return found == entries_.end() ? nullptr : &found->second;
}

void SlotPlaces::push_back(const Sid& sid, Entry& entry, Lane lane) {
  unlink(sid, entry);
  entry.place = SlotPlace::kWaiting;
  entry.lane = lane;
  entry.rank = next_rank_++;
  (lane == Lane::kPlay ? play_ : fetch_).insert({entry.rank, sid});
}

void SlotPlaces::push_front(const Sid& sid, Entry& entry) {
  unlink(sid, entry);
  entry.place = SlotPlace::kWaiting;
  entry.rank = head_rank_--;
  (entry.lane == Lane::kPlay ? play_ : fetch_).insert({entry.rank, sid});
}

void SlotPlaces::delay(const Sid& sid, Entry& entry, SystemTime until, std::string why) {
  unlink(sid, entry);
  entry.place = SlotPlace::kDelayed;
  entry.deadline = until;
  entry.why = std::move(why);
  delayed_.emplace(until, sid);
}

void SlotPlaces::grant(const Sid& sid, Entry& entry) {
  unlink(sid, entry);
  entry.place = SlotPlace::kGranted;
  entry.rank = next_rank_++;
  active_.emplace(entry.rank, sid);
}

void SlotPlaces::run(const Sid& sid, Entry& entry, const LeaseId& lease, SystemTime deadline) {
  entry.place = SlotPlace::kRunning;
  entry.lease = lease;
  entry.deadline = deadline;
  leases_.emplace(lease, sid);
}

void SlotPlaces::unlink(const Sid& sid, Entry& entry) {
  switch (entry.place) {
    case SlotPlace::kWaiting: (entry.lane == Lane::kPlay ? play_ : fetch_).erase(entry.rank); break;
    case SlotPlace::kDelayed: delayed_.erase({entry.deadline, sid}); break;
    case SlotPlace::kRunning: leases_.erase(entry.lease); [[fallthrough]];
    case SlotPlace::kGranted: active_.erase(entry.rank); break;
    case SlotPlace::kNone: break;
  }
  entry.lease.clear();
  entry.place = SlotPlace::kNone;
}

void SlotPlaces::forget(Sid sid) {
  const auto found = entries_.find(sid);
  unlink(sid, found->second);
  entries_.erase(found);
}

const Sid* SlotPlaces::held_by(const LeaseId& lease) const {
  const auto held = leases_.find(lease);
  return held == leases_.end() ? nullptr : &held->second;
}

std::vector<Sid> SlotPlaces::unclaimed() const {
  std::vector<Sid> newest_first;
  for (auto it = active_.rbegin(); it != active_.rend(); ++it) {
    if (at(it->second).place == SlotPlace::kGranted) newest_first.push_back(it->second);
  }
  return newest_first;
}

const Sid* SlotPlaces::first_unclaimed(Lane lane) const {
  for (const auto& [rank, sid] : active_) {
    const Entry& entry = at(sid);
    if (entry.place == SlotPlace::kGranted && entry.lane == lane) return &sid;
  }
  return nullptr;
}

int SlotPlaces::position_in_lane(const Entry& entry) const {
  if (entry.place != SlotPlace::kWaiting) return 0;
  return static_cast<int>(lane(entry.lane).order_of_key(entry.rank)) + 1;
}

std::string SlotPlaces::broken_link() const {
  const std::size_t places = active_.size() + play_.size() + fetch_.size() + delayed_.size();
  if (places != entries_.size()) return "a recording is in two places, or in none";
  std::size_t running = 0;
  for (const auto& [sid, entry] : entries_) {
    bool linked = false;
    if (entry.is_active()) {
      linked = active_.contains(entry.rank) && active_.at(entry.rank) == sid;
    } else if (entry.place == SlotPlace::kWaiting) {
      const auto found = lane(entry.lane).find(entry.rank);
      linked = found != lane(entry.lane).end() && found->second == sid;
    } else if (entry.place == SlotPlace::kDelayed) {
      linked = delayed_.contains({entry.deadline, sid});
    }
    if (!linked) return "a recording is not where it says it is: " + sid.str();
    if (entry.place != SlotPlace::kRunning) continue;
    ++running;
    const Sid* held = held_by(entry.lease);
    if (held == nullptr || *held != sid) return "a running recording without its lease: " + sid.str();
  }
  if (running != leases_.size()) return "a lease without its recording";
  return {};
}

}  // namespace tapedeck

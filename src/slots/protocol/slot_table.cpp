#include "slots/protocol/slot_table.hpp"

namespace tapedeck {

BusinessSlots& SlotTable::slots_of(const BusinessId& business) {
  const auto found = slots_.find(business);
  if (found != slots_.end()) return found->second;
  return slots_.emplace(business, BusinessSlots(limit_of(business), fetch_window_)).first->second;
}

const BusinessSlots* SlotTable::find(const BusinessId& business) const {
  const auto found = slots_.find(business);
  return found == slots_.end() ? nullptr : &found->second;
}

int SlotTable::limit_of(const BusinessId& business) const {
  const auto found = limits_.find(business);
  return found == limits_.end() ? default_limit_ : found->second;
}

void SlotTable::remember_limit(const BusinessId& business, int limit) {
  if (limit == default_limit_) {
    limits_.erase(business);
  } else {
    limits_.insert_or_assign(business, limit);
  }
}

std::optional<std::pair<BusinessId, ClaimAnswer>> SlotTable::claim(bool play_only, const LeaseId& lease,
                                                                   SystemTime now) {
  if (const auto known = business_of_.find(lease); known != business_of_.end()) {
    const BusinessId business = known->second;
    const BusinessSlots* slots = find(business);
    if (slots != nullptr && slots->held_by(lease)) {
      auto again = change(business, [&](BusinessSlots& held) { return held.claim(play_only, lease, now); });
      return std::pair{business, *again};
    }
  }
  for (const Lane lane : {Lane::kPlay, Lane::kFetch}) {
    if (play_only && lane == Lane::kFetch) break;
    Turns& turns = turns_of(lane);
    if (turns.queue.empty()) continue;
    const BusinessId business = turns.queue.begin()->second;
    set_turn(lane, business, false);  // its next turn comes after everybody else's
    auto answer = change(business, [&](BusinessSlots& slots) { return slots.claim(lane == Lane::kPlay, lease, now); });
    if (!answer) continue;
    prune_leases();
    business_of_.insert_or_assign(lease, business);
    return std::pair{business, *answer};
  }
  return std::nullopt;
}

std::optional<BusinessId> SlotTable::next_due(SystemTime now) const {
  if (due_.empty() || due_.begin()->first > now) return std::nullopt;
  return due_.begin()->second;
}

void SlotTable::prune_leases() {
  if (business_of_.size() < kLeasesMax) return;
  std::erase_if(business_of_, [this](const auto& item) {
    const BusinessSlots* slots = find(item.second);
    return slots == nullptr || !slots->held_by(item.first);
  });
}

std::vector<BusinessId> SlotTable::businesses() const {
  std::vector<BusinessId> ids;
  ids.reserve(slots_.size());
  for (const auto& [business, slots] : slots_) ids.push_back(business);
  return ids;
}

bool SlotTable::has_work(bool play_only) const {
  return !turns_[0].queue.empty() || (!play_only && !turns_[1].queue.empty());
}

void SlotTable::reindex(const BusinessId& business, const BusinessSlots& slots) {
  set_turn(Lane::kPlay, business, slots.has_unclaimed(Lane::kPlay));
  set_turn(Lane::kFetch, business, slots.has_unclaimed(Lane::kFetch));

  const auto due = slots.next_due();
  if (const auto known = due_of_.find(business); known != due_of_.end()) {
    if (due && *due == known->second) return;
    due_.erase({known->second, business});
    due_of_.erase(known);
  }
  if (due) {
    due_.emplace(*due, business);
    due_of_.emplace(business, *due);
  } else if (slots.at_rest()) {
    slots_.erase(BusinessId(business));  // the argument may live in what is erased
  }
}

void SlotTable::set_turn(Lane lane, const BusinessId& business, bool has_work) {
  Turns& turns = turns_of(lane);
  const auto known = turns.index.find(business);
  if (has_work == (known != turns.index.end())) return;
  if (has_work) {
    turns.queue.emplace(next_turn_, business);
    turns.index.emplace(business, next_turn_++);
  } else {
    const std::uint64_t turn = known->second;
    turns.index.erase(known);
    turns.queue.erase(turn);
  }
}

}  // namespace tapedeck

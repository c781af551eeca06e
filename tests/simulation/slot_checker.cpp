#include "tests/simulation/slot_checker.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tapedeck::simulation {
namespace {

// More than any business of a simulation holds.
constexpr std::size_t kEverything = 1'000'000;
// Small, so that it is full at times.
constexpr int kSimulatedFetchWindow = 4;

[[noreturn]] void violated(const std::string& step, const std::string& what) {
  throw Violation(fmt::format("after {}: {}", step, what));
}

}  // namespace

CheckedSlotStore::CheckedSlotStore(Clock& clock, EventSink& events, int default_limit, TransitionCounts& counts,
                                   Excuse is_excused)
    : clock_(clock),
      events_(events),
      default_limit_(default_limit),
      counts_(counts),
      is_excused_(std::move(is_excused)),
      store_(std::make_shared<MemorySlotStore>(clock, events, default_limit, kSimulatedFetchWindow)) {}

void CheckedSlotStore::restart() {
  retired_.push_back(store_);
  store_ = std::make_shared<MemorySlotStore>(clock_, events_, default_limit_, kSimulatedFetchWindow);
}

const SlotTable& CheckedSlotStore::table() const {
  return *store_->inspect([](const SlotTable& table, SystemTime) { return &table; });
}

SlotPlace CheckedSlotStore::Snapshot::place_of(const Sid& sid) const {
  const auto found = places.find(sid);
  return found == places.end() ? SlotPlace::kNone : found->second.place;
}

bool CheckedSlotStore::Snapshot::is_active(const Sid& sid) const {
  const SlotPlace place = place_of(sid);
  return place == SlotPlace::kGranted || place == SlotPlace::kRunning;
}

bool CheckedSlotStore::Snapshot::waits_in(const Sid& sid, Lane lane) const {
  const auto found = places.find(sid);
  return found != places.end() && found->second.place == SlotPlace::kWaiting && found->second.lane == lane;
}

CheckedSlotStore::Snapshot CheckedSlotStore::look(const BusinessId& business) const {
  return store_->inspect([&](const SlotTable& table, SystemTime now) {
    Snapshot snapshot;
    const BusinessSlots* slots = table.find(business);
    if (slots == nullptr) {
      snapshot.limit = table.limit_of(business);
      return snapshot;
    }
    const QueueState view = slots->view(kEverything, now);
    snapshot.active = view.active;
    snapshot.limit = view.limit;
    for (const QueueState::Item& item : view.items) {
      const bool is_new = snapshot.places.emplace(item.sid, Place{item.status.place, item.status.lane}).second;
      if (!is_new) throw Violation("a recording is in two places: " + item.sid.str());
      if (item.status.place != SlotPlace::kWaiting) continue;
      (item.status.lane == Lane::kPlay ? snapshot.play : snapshot.fetch).push_back(item.sid);
    }
    return snapshot;
  });
}

CheckedSlotStore::Snapshot CheckedSlotStore::check(const BusinessId& business, const Snapshot& before,
                                                   const Step& step) {
  ++steps_;
  const std::string broken = store_->inspect([&](const SlotTable& table, SystemTime now) {
    const BusinessSlots* slots = table.find(business);
    return slots == nullptr ? std::string() : slots->broken_invariant(now);
  });
  if (!broken.empty()) violated(step.name, broken);
  Snapshot after = look(business);
  check_places(business, step, before, after);
  check_lane(step, before, after, Lane::kPlay);
  check_lane(step, before, after, Lane::kFetch);
  return after;
}

void CheckedSlotStore::check_places(const BusinessId& business, const Step& step, const Snapshot& before,
                                    const Snapshot& after) const {
  bool admitted = false;
  for (const auto& [sid, place] : after.places) {
    const bool is_subject = sid == step.subject;
    const bool was_refilled = std::ranges::find(step.refilled, sid) != step.refilled.end();
    if (before.place_of(sid) == SlotPlace::kNone && !(is_subject && step.may_begin) && !was_refilled) {
      violated(step.name, "a recording came from nowhere: " + sid.str());
    }
    if (after.is_active(sid) && (!before.is_active(sid) || (is_subject && step.may_free))) admitted = true;
    if (place.place == SlotPlace::kGranted && before.place_of(sid) == SlotPlace::kRunning) {
      const bool was_reclaimed =
          std::ranges::any_of(step.reclaimed, [&](const Reclaimed& item) { return item.sid == sid; });
      if (!was_reclaimed && !(is_subject && step.may_free)) {
        violated(step.name, "a running recording was granted again: " + sid.str());
      }
    }
  }
  if (admitted && after.active > after.limit) {
    violated(step.name, fmt::format("admitted although {} of {} are active", after.active, after.limit));
  }
  for (const auto& [sid, place] : before.places) {
    const bool is_subject = sid == step.subject;
    const auto reclaimed = std::ranges::find(step.reclaimed, sid, &Reclaimed::sid);
    const bool was_reclaimed = reclaimed != step.reclaimed.end();
    if (was_reclaimed && !is_excused_(business, sid)) {
      violated(step.name, "the slot of a living worker was taken back: " + sid.str());
    }
    const SlotPlace now_at = after.place_of(sid);
    if (now_at == SlotPlace::kNone && !(is_subject && step.may_end) && !(was_reclaimed && reclaimed->gave_up)) {
      violated(step.name, "a recording was lost: " + sid.str());
    }
    if (place.place == SlotPlace::kRunning && now_at == SlotPlace::kWaiting && !was_reclaimed &&
        !(is_subject && step.may_free)) {
      violated(step.name, "a running recording lost its slot: " + sid.str());
    }
    if (place.place == SlotPlace::kGranted && now_at == SlotPlace::kWaiting && !step.may_return) {
      violated(step.name, "a grant went back without a reason: " + sid.str());
    }
    if (place.place == SlotPlace::kDelayed && now_at != SlotPlace::kDelayed && !step.may_requeue &&
        !(is_subject && step.may_end)) {
      violated(step.name, "a delayed recording moved: " + sid.str());
    }
  }
}

// First in, first out: recordings that stay keep their order, a recording that gets a slot leaves from the head, one
// that comes from a slot joins the head, and every other joins the tail.
void CheckedSlotStore::check_lane(const Step& step, const Snapshot& before, const Snapshot& after, Lane lane) const {
  const std::vector<Sid>& was = lane == Lane::kPlay ? before.play : before.fetch;
  const std::vector<Sid>& is = lane == Lane::kPlay ? after.play : after.fetch;
  if (was == is) return;
  std::vector<Sid> stayed;
  for (const Sid& sid : was) {
    if (after.waits_in(sid, lane)) stayed.push_back(sid);
  }
  if (!stayed.empty()) {
    const auto first_stayed = std::ranges::find(was, stayed.front());
    for (auto it = first_stayed; it != was.end(); ++it) {
      if (after.is_active(*it) && !(*it == step.subject)) violated(step.name, "overtook its lane: " + it->str());
    }
  }
  std::size_t next_stayed = 0;
  bool past_head = false;
  for (const Sid& sid : is) {
    if (before.waits_in(sid, lane)) {
      past_head = true;
      if (next_stayed >= stayed.size() || stayed[next_stayed] != sid) violated(step.name, "the lane's order changed");
      ++next_stayed;
      continue;
    }
    if (before.is_active(sid) && !(sid == step.subject && step.to_tail)) {
      if (past_head) violated(step.name, "came back behind others: " + sid.str());
    } else if (next_stayed != stayed.size()) {
      violated(step.name, "a newcomer is not at the tail: " + sid.str());
    }
  }
}

void CheckedSlotStore::count_request(const RequestAnswer& answer, const Snapshot& before, const Sid& sid, Lane lane) {
  const auto known = before.places.find(sid);
  switch (answer.kind) {
    case RequestKind::kAcquired: count("request: acquired"); break;
    case RequestKind::kQueued: count("request: queued"); break;
    case RequestKind::kProcessing: count("request: processing"); break;
    case RequestKind::kDelayed: count("request: delayed"); break;
    case RequestKind::kAlreadyQueued: count("request: already queued"); break;
    case RequestKind::kBeyond: count("request: beyond the window"); break;
  }
  const bool waited_for_fetch =
      known != before.places.end() && known->second.place == SlotPlace::kWaiting && known->second.lane == Lane::kFetch;
  if (waited_for_fetch && lane == Lane::kPlay) count("request: promoted");
}

Task<Result<RequestAnswer>> CheckedSlotStore::request(BusinessId business, Sid sid, Lane lane, OperationId op) {
  const Snapshot before = look(business);
  auto answer = co_await store_->request(business, sid, lane, op);
  if (!answer) co_return answer;
  Step step{fmt::format("request({}, {})", sid.str(), lane_name(lane)), sid};
  step.may_begin = true;
  step.may_return = lane == Lane::kPlay;
  const Snapshot after = check(business, before, step);
  count_request(*answer, before, sid, lane);
  for (const auto& [other, place] : before.places) {
    if (place.place == SlotPlace::kGranted && after.place_of(other) == SlotPlace::kWaiting) count("grant yielded");
  }
  co_return answer;
}

Task<Result<std::optional<Claim>>> CheckedSlotStore::claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                           Milliseconds patience, std::stop_token stop) {
  const auto store = store_;
  auto claimed = co_await store->claim(worker, lanes, lease, patience, stop);
  if (store != store_) co_return fail(Errc::kUnavailable, "the slot store was restarted");
  if (claimed && *claimed) {
    ++steps_;
    count((*claimed)->lane == Lane::kPlay ? "claim: play" : "claim: fetch");
    if (lanes == LaneFilter::kPlayOnly && (*claimed)->lane == Lane::kFetch) {
      violated("claim", "a fetch was given to a worker with room for presses alone");
    }
  } else {
    count("claim: none");
  }
  co_return claimed;
}

Task<Result<std::vector<bool>>> CheckedSlotStore::renew(std::vector<LeaseRef> leases) {
  auto renewed = co_await store_->renew(leases);
  if (!renewed) co_return renewed;
  for (const bool held : *renewed) count(held ? "renew: held" : "renew: lost");
  ++steps_;
  co_return renewed;
}

Task<Result<FinishAnswer>> CheckedSlotStore::finish(LeaseRef lease, FinishOutcome outcome) {
  const Snapshot before = look(lease.business);
  auto answer = co_await store_->finish(lease, outcome);
  if (!answer) co_return answer;
  Step step{fmt::format("finish({})", lease.sid.str()), lease.sid};
  const bool was_running = before.place_of(lease.sid) == SlotPlace::kRunning;
  step.may_end = answer->held && was_running && outcome.kind == FinishKind::kDone;
  step.may_free = answer->held && was_running;
  step.may_requeue = outcome.kind == FinishKind::kRetry;
  step.to_tail = outcome.kind == FinishKind::kRetry;  // one that is due already
  const Snapshot after = check(lease.business, before, step);
  if (!answer->held) {
    count("finish: not held");
    // It may have been the first step after the end of a block or a hold.
    const auto admitted = static_cast<int>(answer->admitted.size());
    if (after.places.size() != before.places.size() || after.active != before.active + admitted) {
      violated(step.name, "a finish without the lease changed something");
    }
  } else {
    count(outcome.kind == FinishKind::kDone    ? "finish: done"
          : outcome.kind == FinishKind::kRetry ? "finish: retry"
                                               : "finish: handed back");
    if (!was_running) count("finish: repeated");
    if (!answer->admitted.empty()) count("finish: handed over");
  }
  co_return answer;
}

// Checks the two steps one by one.
Task<Result<FinishedAndClaimed>> CheckedSlotStore::finish_and_claim(LeaseRef lease, FinishOutcome outcome,
                                                                    ClaimWish next) {
  auto both = co_await SlotStore::finish_and_claim(std::move(lease), std::move(outcome), std::move(next));
  if (both) count(both->claim ? "finish: took the next along" : "finish: nothing to take along");
  co_return both;
}

Task<Result<std::vector<Admitted>>> CheckedSlotStore::block(BusinessId business, std::optional<SystemTime> until,
                                                            std::string why) {
  const Snapshot before = look(business);
  auto admitted = co_await store_->block(business, until, why);
  Step step{"block", {}};
  step.may_return = true;
  check(business, before, step);
  count("block");
  co_return admitted;
}

Task<Result<std::vector<Admitted>>> CheckedSlotStore::unblock(BusinessId business) {
  const Snapshot before = look(business);
  auto admitted = co_await store_->unblock(business);
  check(business, before, Step{"unblock", {}});
  count("unblock");
  co_return admitted;
}

Task<Result<CancelAnswer>> CheckedSlotStore::cancel(BusinessId business, Sid sid) {
  const Snapshot before = look(business);
  auto answer = co_await store_->cancel(business, sid);
  if (!answer) co_return answer;
  Step step{"cancel", sid};
  step.may_end = answer->kind == CancelKind::kCancelled;
  check(business, before, step);
  count(answer->kind == CancelKind::kCancelled ? "cancel: cancelled"
        : answer->kind == CancelKind::kRunning ? "cancel: running"
                                               : "cancel: unknown");
  co_return answer;
}

Task<Result<std::vector<Admitted>>> CheckedSlotStore::set_limit(BusinessId business, int limit) {
  const Snapshot before = look(business);
  auto admitted = co_await store_->set_limit(business, limit);
  Step step{"set_limit", {}};
  step.may_return = true;
  check(business, before, step);
  count(limit > before.limit ? "set_limit: up" : "set_limit: down");
  co_return admitted;
}

Task<Result<SweepReport>> CheckedSlotStore::sweep() {
  // A sweep changes only businesses that are due.
  std::map<BusinessId, Snapshot> before;
  std::vector<BusinessId> businesses;
  store_->inspect([&](const SlotTable& table, SystemTime now) {
    for (const BusinessId& business : table.businesses()) {
      const auto due = table.find(business)->next_due();
      if (due && *due <= now) businesses.push_back(business);
    }
    return 0;
  });
  for (const BusinessId& business : businesses) before.emplace(business, look(business));
  auto report = co_await store_->sweep();
  if (!report) co_return report;
  for (const BusinessId& business : businesses) {
    Step step{"sweep", {}};
    step.may_requeue = true;
    for (const SweepReport::Item& item : report->reclaimed) {
      if (item.business == business) step.reclaimed.push_back({item.sid, item.lane, item.gave_up});
    }
    const Snapshot after = check(business, before.at(business), step);
    for (const auto& [sid, place] : before.at(business).places) {
      if (place.place == SlotPlace::kDelayed && after.place_of(sid) != SlotPlace::kDelayed) count("sweep: due retry");
    }
  }
  for (const SweepReport::Item& item : report->reclaimed) {
    count(item.gave_up ? "sweep: gave up" : "sweep: reclaimed");
  }
  for (std::size_t i = 0; i < report->admitted.size(); ++i) count("sweep: admitted");
  co_return report;
}

Task<Result<KnownAnswer>> CheckedSlotStore::known(BusinessId business, std::vector<Sid> sids) {
  return store_->known(std::move(business), std::move(sids));
}

Task<Result<std::vector<Admitted>>> CheckedSlotStore::refill(BusinessId business, std::int64_t refill,
                                                             std::vector<Sid> sids, bool is_all) {
  const Snapshot before = look(business);
  auto admitted = co_await store_->refill(business, refill, sids, is_all);
  Step step{"refill", {}};
  step.refilled = std::move(sids);
  check(business, before, step);
  count("refill");
  co_return admitted;
}

Task<Result<SlotStatus>> CheckedSlotStore::status(BusinessId business, Sid sid) {
  return store_->status(business, sid);
}

Task<Result<QueueState>> CheckedSlotStore::view(BusinessId business, int most) { return store_->view(business, most); }

Task<Result<std::vector<Admitted>>> CheckedSlotStore::recover(BusinessId business, std::int64_t epoch, int limit,
                                                              Recovered recovered, Milliseconds hold) {
  const std::size_t expected = recovered.entries.size();
  auto admitted = co_await store_->recover(business, epoch, limit, recovered, hold);
  const Snapshot after = look(business);
  if (after.places.size() != expected) violated("recover", "not everything came back");
  if (after.active > after.limit) violated("recover", "more active than the limit");
  count(hold.count() > 0 ? "recover: with hold" : "recover: at once");
  ++steps_;
  co_return admitted;
}

}  // namespace tapedeck::simulation

#include "slots/memory/memory_slot_store.hpp"

#include <algorithm>
#include <chrono>

#include <boost/asio/this_coro.hpp>

#include "slots/slot_events.hpp"

namespace tapedeck {
namespace {

// Businesses that a sweep takes under one lock, so that it holds the lock for a short time; and batches of one sweep,
// at most.
constexpr std::size_t kSweepBatch = 64;
constexpr std::size_t kSweepBatchesMax = 1'000;

}  // namespace

MemorySlotStore::MemorySlotStore(Clock& clock, EventSink& events, int default_limit, int fetch_window)
    : clock_(clock),
      events_(events),
      system_start_(clock.system_now()),
      steady_start_(clock.steady_now()),
      fetch_window_(fetch_window),
      table_(default_limit, fetch_window) {}

SystemTime MemorySlotStore::now() const {
  return system_start_ + std::chrono::floor<Milliseconds>(clock_.steady_now() - steady_start_);
}

void MemorySlotStore::emit(const std::vector<Event>& events) {
  for (const Event& event : events) events_.emit(event);
}

template <class Operation, class... Subject>
auto MemorySlotStore::change(const BusinessId& business, Operation operation, const Subject&... subject) {
  const std::scoped_lock lock(mutex_);
  auto answer = table_.change(business, operation);
  if constexpr (requires { events_of(business, subject..., answer); }) emit(events_of(business, subject..., answer));
  wake_waiters();
  return answer;
}

void MemorySlotStore::wake_waiters() {
  std::erase_if(waiters_, [this](const std::shared_ptr<Waiter>& waiter) {
    if (!table_.has_work(waiter->play_only)) return false;
    waiter->alarm.ring();
    return true;
  });
}

Task<Result<RequestAnswer>> MemorySlotStore::request(BusinessId business, Sid sid, Lane lane, OperationId op) {
  co_return change(business, [&](BusinessSlots& slots) { return slots.request(sid, lane, op, now()); }, sid);
}

Task<Result<std::optional<Claim>>> MemorySlotStore::claim(std::string, LaneFilter lanes, LeaseId lease,
                                                          Milliseconds patience, std::stop_token stop) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const bool play_only = lanes == LaneFilter::kPlayOnly;
  const auto waiter = std::make_shared<Waiter>(Alarm(executor), play_only);
  const std::stop_callback on_stop(stop, Alarm::Ringer{&waiter->alarm});
  const SteadyTime deadline = clock_.steady_now() + patience;
  while (true) {
    {
      const std::scoped_lock lock(mutex_);
      if (auto found = table_.claim(play_only, lease, now())) {
        co_return Claim{found->first, found->second.sid, found->second.lane, lease};
      }
      std::erase(waiters_, waiter);
      if (stop.stop_requested() || clock_.steady_now() >= deadline) co_return std::nullopt;
      waiters_.push_back(waiter);
    }
    co_await waiter->alarm.wait_for(deadline - clock_.steady_now());
  }
}

Task<Result<std::vector<bool>>> MemorySlotStore::renew(std::vector<LeaseRef> leases) {
  std::vector<bool> held;
  held.reserve(leases.size());
  for (const LeaseRef& lease : leases) {
    held.push_back(change(lease.business, [&](BusinessSlots& slots) { return slots.renew(lease.lease, now()); }));
  }
  co_return held;
}

Task<Result<FinishAnswer>> MemorySlotStore::finish(LeaseRef lease, FinishOutcome outcome) {
  auto answer = change(
      lease.business, [&](BusinessSlots& slots) { return slots.finish(lease.lease, outcome, now()); }, lease.sid);
  const std::scoped_lock lock(mutex_);
  table_.forget_lease(lease.lease);
  co_return answer;
}

Task<Result<std::vector<Admitted>>> MemorySlotStore::block(BusinessId business, std::optional<SystemTime> until,
                                                           std::string why) {
  co_return change(business, [&](BusinessSlots& slots) { return slots.block(until, why, now()); });
}

Task<Result<std::vector<Admitted>>> MemorySlotStore::unblock(BusinessId business) {
  co_return change(business, [&](BusinessSlots& slots) { return slots.unblock(now()); });
}

Task<Result<CancelAnswer>> MemorySlotStore::cancel(BusinessId business, Sid sid) {
  const std::scoped_lock lock(mutex_);
  CancelAnswer answer = table_.change(business, [&](BusinessSlots& slots) { return slots.cancel(sid, now()); });
  emit(events_of(business, answer.admitted));
  wake_waiters();
  co_return answer;
}

Task<Result<std::vector<Admitted>>> MemorySlotStore::set_limit(BusinessId business, int limit) {
  {
    const std::scoped_lock lock(mutex_);
    table_.remember_limit(business, limit);
  }
  co_return change(business, [&](BusinessSlots& slots) { return slots.set_limit(limit, now()); });
}

Task<Result<SweepReport>> MemorySlotStore::sweep() {
  SweepReport report;
  for (std::size_t batch = 0; batch < kSweepBatchesMax; ++batch) {
    const std::scoped_lock lock(mutex_);
    const SystemTime time = now();  // one time for the batch: what is due at it is not due after its sweep
    std::size_t swept = 0;
    for (; swept < kSweepBatch; ++swept) {
      const auto due = table_.next_due(time);
      if (!due) break;
      const SweepAnswer answer = table_.change(*due, [&](BusinessSlots& slots) { return slots.sweep(time); });
      emit(events_of(*due, answer));
      report.add(*due, answer);
    }
    wake_waiters();
    if (swept < kSweepBatch) break;
  }
  co_return report;
}

Task<Result<KnownAnswer>> MemorySlotStore::known(BusinessId business, std::vector<Sid> sids) {
  KnownAnswer answer;
  answer.known.assign(sids.size(), false);
  const std::scoped_lock lock(mutex_);
  const BusinessSlots* slots = table_.find(business);
  if (slots == nullptr) co_return answer;
  for (std::size_t i = 0; i < sids.size(); ++i) answer.known[i] = slots->has(sids[i]);
  answer.has_beyond = slots->has_beyond();
  co_return answer;
}

Task<Result<std::vector<Admitted>>> MemorySlotStore::refill(BusinessId business, std::int64_t refill,
                                                            std::vector<Sid> sids, bool is_all) {
  co_return change(business, [&](BusinessSlots& slots) { return slots.refill(refill, sids, is_all, now()); });
}

Task<Result<SlotStatus>> MemorySlotStore::status(BusinessId business, Sid sid) {
  const std::scoped_lock lock(mutex_);
  const BusinessSlots* slots = table_.find(business);
  co_return slots != nullptr ? slots->status(sid, now()) : BusinessSlots(table_.limit_of(business)).status(sid, now());
}

Task<Result<QueueState>> MemorySlotStore::view(BusinessId business, int most) {
  const std::scoped_lock lock(mutex_);
  const BusinessSlots* slots = table_.find(business);
  const auto count = static_cast<std::size_t>(std::max(most, 0));
  co_return slots != nullptr ? slots->view(count, now()) : BusinessSlots(table_.limit_of(business)).view(count, now());
}

Task<Result<std::vector<Admitted>>> MemorySlotStore::recover(BusinessId business, std::int64_t epoch, int limit,
                                                             Recovered recovered, Milliseconds hold) {
  {
    const std::scoped_lock lock(mutex_);
    table_.remember_limit(business, limit);
  }
  co_return change(business, [&](BusinessSlots& slots) {
    const SystemTime until = hold.count() > 0 ? now() + hold : SystemTime{};
    return slots.recover(epoch, limit, recovered.entries, recovered.has_beyond, until, now());
  });
}

Task<Result<void>> MemorySlotStore::ping() { co_return Result<void>(); }

}  // namespace tapedeck

#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "domain/event_sink.hpp"
#include "runtime/alarm.hpp"
#include "runtime/clock.hpp"
#include "slots/protocol/slot_table.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// The slot store of a process that is alone: the pure protocol behind a mutex, which it holds for microseconds and
/// never across a suspension. It forgets everything with the process; the next start rebuilds it from the call store.
///
/// Leases count in steady time, shown as wall-clock time since the construction, so that a jump of the wall clock
/// neither ends nor prolongs one.
class MemorySlotStore final : public SlotStore {
 public:
  MemorySlotStore(Clock& clock, EventSink& events, int default_limit, int fetch_window = kFetchWindow);

  [[nodiscard]] Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane, OperationId op) override;
  [[nodiscard]] Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                         Milliseconds patience, std::stop_token stop) override;
  [[nodiscard]] Task<Result<std::vector<bool>>> renew(std::vector<LeaseRef> leases) override;
  [[nodiscard]] Task<Result<FinishAnswer>> finish(LeaseRef lease, FinishOutcome outcome) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> block(BusinessId business, std::optional<SystemTime> until,
                                                          std::string why) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> unblock(BusinessId business) override;
  [[nodiscard]] Task<Result<CancelAnswer>> cancel(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> set_limit(BusinessId business, int limit) override;
  [[nodiscard]] Task<Result<SweepReport>> sweep() override;
  [[nodiscard]] Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) override;
  [[nodiscard]] int fetch_window() const noexcept override { return fetch_window_; }
  [[nodiscard]] Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill,
                                                           std::vector<Sid> sids, bool is_all) override;
  [[nodiscard]] Task<Result<SlotStatus>> status(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<QueueState>> view(BusinessId business, int most) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit,
                                                            Recovered recovered, Milliseconds hold) override;
  [[nodiscard]] Task<Result<void>> ping() override;

  /// Runs `inspect(const SlotTable&, now)` under the lock; for tests.
  template <class Inspect>
  auto inspect(Inspect inspect_table) const {
    const std::scoped_lock lock(mutex_);
    return inspect_table(table_, now());
  }

 private:
  struct Waiter {
    Alarm alarm;
    bool play_only;
  };

  [[nodiscard]] SystemTime now() const;
  /// Runs a change under the lock, logs it, then wakes workers if there is work for them.
  template <class Operation, class... Subject>
  auto change(const BusinessId& business, Operation operation, const Subject&... subject);
  void emit(const std::vector<Event>& events);
  /// Wakes the claims that the grants of now can serve. Needs the lock.
  void wake_waiters();

  Clock& clock_;
  EventSink& events_;
  const SystemTime system_start_;
  const SteadyTime steady_start_;
  mutable std::mutex mutex_;
  const int fetch_window_;
  SlotTable table_;
  // Shared with the waiting claim, because a ring may be on its way to a loop when that claim gives up.
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace tapedeck

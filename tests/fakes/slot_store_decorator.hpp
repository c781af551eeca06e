#pragma once

#include <string>
#include <utility>
#include <vector>

#include "slots/slot_store.hpp"

namespace tapedeck {

/// Passes every call on to another store; a test overrides before() to delay calls, or to let them fail.
class SlotStoreDecorator : public SlotStore {
 public:
  explicit SlotStoreDecorator(SlotStore& next) : next_(next) {}

  Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane, OperationId op) override {
    return guarded(next_.request(std::move(business), std::move(sid), lane, std::move(op)));
  }
  Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease, Milliseconds patience,
                                           std::stop_token stop) override {
    return guarded(next_.claim(std::move(worker), lanes, std::move(lease), patience, std::move(stop)));
  }
  Task<Result<std::vector<bool>>> renew(std::vector<LeaseRef> leases) override {
    return guarded(next_.renew(std::move(leases)));
  }
  Task<Result<FinishAnswer>> finish(LeaseRef lease, FinishOutcome outcome) override {
    return guarded(next_.finish(std::move(lease), std::move(outcome)));
  }
  Task<Result<FinishedAndClaimed>> finish_and_claim(LeaseRef lease, FinishOutcome outcome, ClaimWish next) override {
    return guarded(next_.finish_and_claim(std::move(lease), std::move(outcome), std::move(next)));
  }
  Task<Result<std::vector<Admitted>>> block(BusinessId business, std::optional<SystemTime> until,
                                            std::string why) override {
    return guarded(next_.block(std::move(business), until, std::move(why)));
  }
  Task<Result<std::vector<Admitted>>> unblock(BusinessId business) override {
    return guarded(next_.unblock(std::move(business)));
  }
  Task<Result<CancelAnswer>> cancel(BusinessId business, Sid sid) override {
    return guarded(next_.cancel(std::move(business), std::move(sid)));
  }
  Task<Result<std::vector<Admitted>>> set_limit(BusinessId business, int limit) override {
    return guarded(next_.set_limit(std::move(business), limit));
  }
  Task<Result<SweepReport>> sweep() override { return guarded(next_.sweep()); }
  Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) override {
    return guarded(next_.known(std::move(business), std::move(sids)));
  }
  [[nodiscard]] int fetch_window() const noexcept override { return next_.fetch_window(); }
  Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill, std::vector<Sid> sids,
                                             bool is_all) override {
    return guarded(next_.refill(std::move(business), refill, std::move(sids), is_all));
  }
  Task<Result<SlotStatus>> status(BusinessId business, Sid sid) override {
    return guarded(next_.status(std::move(business), std::move(sid)));
  }
  Task<Result<QueueState>> view(BusinessId business, int most) override {
    return guarded(next_.view(std::move(business), most));
  }
  Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit, Recovered recovered,
                                              Milliseconds hold) override {
    return guarded(next_.recover(std::move(business), epoch, limit, std::move(recovered), hold));
  }
  Task<Result<void>> ping() override { return guarded(next_.ping()); }

 protected:
  /// An error: the call has no effect, and fails with it.
  [[nodiscard]] virtual Task<Result<void>> before() = 0;

 private:
  template <class T>
  Task<Result<T>> guarded(Task<Result<T>> call) {
    auto refused = co_await before();
    if (!refused) co_return fail(refused.error());
    Result<T> result = co_await std::move(call);
    co_return result;
  }

  SlotStore& next_;
};

}  // namespace tapedeck

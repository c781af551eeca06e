#pragma once

#include <memory>
#include <string>

#include "app/worker/worker.hpp"
#include "tests/fakes/call_store_decorator.hpp"
#include "tests/fakes/memory_blob_store.hpp"
#include "tests/simulation/provider.hpp"

namespace tapedeck::simulation {

/// The clock of a process that may die.
class MortalClock final : public Clock {
 public:
  MortalClock(VirtualClock& clock, Life& life) : clock_(clock), life_(life) {}
  [[nodiscard]] SystemTime system_now() const override { return clock_.system_now(); }
  [[nodiscard]] SteadyTime steady_now() const override { return clock_.steady_now(); }
  [[nodiscard]] Task<> sleep_until(SteadyTime deadline, std::stop_token stop) override {
    life_.check();
    const EitherStop either(stop, life_.killed.get_token());
    co_await clock_.sleep_until(deadline, either.token());
    life_.check();
  }

 private:
  VirtualClock& clock_;
  Life& life_;
};

/// The current faults of the stores.
struct StoreFaults {
  double calls_fail = 0;    ///< a call of the call store fails, with no effect
  double answers_lost = 0;  ///< a slot operation takes effect, and its answer is lost
};

class MortalCallStore final : public CallStoreDecorator {
 public:
  MortalCallStore(CallStore& next, Life& life, SeededRandom& random, const StoreFaults& faults)
      : CallStoreDecorator(next), life_(life), random_(random), faults_(faults) {}

 protected:
  [[nodiscard]] Result<void> before() override {
    life_.check();
    if (random_.chance(faults_.calls_fail)) return fail(Errc::kUnavailable, "the call store is away");
    return {};
  }
  // A process may die right after a commit, before it gets the answer.
  void after() override { life_.check(); }

 private:
  Life& life_;
  SeededRandom& random_;
  const StoreFaults& faults_;
};

class MortalSlotStore final : public SlotStore {
 public:
  MortalSlotStore(SlotStore& next, Clock& clock, Life& life, SeededRandom& random, const StoreFaults& faults)
      : next_(next), clock_(clock), life_(life), random_(random), faults_(faults) {}

  Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane, OperationId op) override {
    return guarded(next_.request(business, sid, lane, op));
  }
  Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease, Milliseconds patience,
                                           std::stop_token stop) override;
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
    return guarded(next_.block(business, until, std::move(why)));
  }
  Task<Result<std::vector<Admitted>>> unblock(BusinessId business) override { return guarded(next_.unblock(business)); }
  Task<Result<CancelAnswer>> cancel(BusinessId business, Sid sid) override {
    return guarded(next_.cancel(business, sid));
  }
  Task<Result<std::vector<Admitted>>> set_limit(BusinessId business, int limit) override {
    return guarded(next_.set_limit(business, limit));
  }
  Task<Result<SweepReport>> sweep() override { return guarded(next_.sweep()); }
  Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) override {
    return guarded(next_.known(business, std::move(sids)));
  }
  [[nodiscard]] int fetch_window() const noexcept override { return next_.fetch_window(); }
  Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill, std::vector<Sid> sids,
                                             bool is_all) override {
    return guarded(next_.refill(business, refill, std::move(sids), is_all));
  }
  Task<Result<SlotStatus>> status(BusinessId business, Sid sid) override {
    return guarded(next_.status(business, sid));
  }
  Task<Result<QueueState>> view(BusinessId business, int most) override { return guarded(next_.view(business, most)); }
  Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit, Recovered recovered,
                                              Milliseconds hold) override {
    return guarded(next_.recover(business, epoch, limit, std::move(recovered), hold));
  }
  Task<Result<void>> ping() override { return guarded(next_.ping()); }

 private:
  [[nodiscard]] Result<void> before();

  template <class T>
  Task<Result<T>> guarded(Task<Result<T>> call) {
    auto refused = before();
    if (!refused) co_return fail(refused.error());
    Result<T> result = co_await std::move(call);
    life_.check();
    if (random_.chance(faults_.answers_lost)) co_return fail(Errc::kUnavailable, "the answer was lost");
    co_return result;
  }

  SlotStore& next_;
  Clock& clock_;
  Life& life_;
  SeededRandom& random_;
  const StoreFaults& faults_;
};

class MortalSource final : public RecordingSource {
 public:
  MortalSource(Provider& provider, Life& life) : provider_(provider), life_(life) {}
  Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) override {
    life_.check();
    return provider_.fetch(std::move(request), sink, std::move(stop), life_);
  }
  Task<Result<RemoteStatus>> describe(FetchRequest, std::stop_token) override {
    life_.check();
    co_return RemoteStatus::kPreparing;
  }
  Task<Result<void>> remove(FetchRequest, std::stop_token) override {
    life_.check();
    co_return fail(Errc::kProviderRejected, "nobody deletes here");
  }

 private:
  Provider& provider_;
  Life& life_;
};

class SilentEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

/// One simulated worker process, which shares nothing.
struct Process {
  Process(const std::string& name, boost::asio::any_io_executor executor, VirtualClock& world_clock, CallStore& calls,
          SlotStore& slots, BlobStore& blobs, Provider& provider, SeededRandom& random, const StoreFaults& faults);

  /// Acts as kill -9: its sockets close, and nothing of it runs on.
  void kill(Provider& provider);

  Life life;
  MortalClock clock;
  MortalCallStore calls;
  MortalSlotStore slots;
  MortalSource source;
  SilentEvents events;
  Businesses businesses;
  BusinessRules rules;
  SlotRecovery recovery;
  SlotRequests requests;
  ProgressBoard progress;
  ProviderBackoff backoff;
  std::stop_source drain;
  Worker worker;
};

}  // namespace tapedeck::simulation

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "slots/memory/memory_slot_store.hpp"

namespace tapedeck::simulation {

/// A broken rule. The first one is kept, because a worker under test may catch the exception.
struct Violation : std::runtime_error {
  explicit Violation(const std::string& what) : std::runtime_error(what) {
    if (first.empty()) first = what;
  }
  inline static std::string first;
};

/// The number of transitions of each kind.
using TransitionCounts = std::map<std::string, std::uint64_t>;

/// A slot store that compares the queue of the business before and after every step, and throws a Violation if the step
/// broke a rule of the protocol. It knows the rules from their text, not from the implementation.
class CheckedSlotStore final : public SlotStore {
 public:
  /// `is_excused(business, sid)`: the worker that holds this one died, or was cut off.
  using Excuse = std::function<bool(const BusinessId&, const Sid&)>;

  CheckedSlotStore(Clock& clock, EventSink& events, int default_limit, TransitionCounts& counts, Excuse is_excused);

  /// The process restarts: everything in memory is gone.
  void restart();

  [[nodiscard]] Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane, OperationId op) override;
  [[nodiscard]] Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                         Milliseconds patience, std::stop_token stop) override;
  [[nodiscard]] Task<Result<std::vector<bool>>> renew(std::vector<LeaseRef> leases) override;
  [[nodiscard]] Task<Result<FinishAnswer>> finish(LeaseRef lease, FinishOutcome outcome) override;
  [[nodiscard]] Task<Result<FinishedAndClaimed>> finish_and_claim(LeaseRef lease, FinishOutcome outcome,
                                                                  ClaimWish next) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> block(BusinessId business, std::optional<SystemTime> until,
                                                          std::string why) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> unblock(BusinessId business) override;
  [[nodiscard]] Task<Result<CancelAnswer>> cancel(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> set_limit(BusinessId business, int limit) override;
  [[nodiscard]] Task<Result<SweepReport>> sweep() override;
  [[nodiscard]] Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) override;
  [[nodiscard]] int fetch_window() const noexcept override { return store_->fetch_window(); }
  [[nodiscard]] Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill,
                                                           std::vector<Sid> sids, bool is_all) override;
  [[nodiscard]] Task<Result<SlotStatus>> status(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<QueueState>> view(BusinessId business, int most) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit,
                                                            Recovered recovered, Milliseconds hold) override;
  [[nodiscard]] Task<Result<void>> ping() override { return store_->ping(); }

  [[nodiscard]] const SlotTable& table() const;
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  struct Place {
    SlotPlace place = SlotPlace::kNone;
    Lane lane = Lane::kPlay;
  };
  struct Snapshot {
    int active = 0;
    int limit = 0;
    std::map<Sid, Place> places;
    std::vector<Sid> play;
    std::vector<Sid> fetch;
    [[nodiscard]] SlotPlace place_of(const Sid& sid) const;
    [[nodiscard]] bool is_active(const Sid& sid) const;
    [[nodiscard]] bool waits_in(const Sid& sid, Lane lane) const;
  };
  // The effects that a step may have on recordings.
  struct Step {
    std::string name;
    Sid subject;               // asked for, finished, cancelled
    bool may_end = false;      // the subject may be gone after it
    bool may_begin = false;    // the subject may be new
    bool may_free = false;     // the subject may lose its slot
    bool may_return = false;   // grants that nobody took may go back to their lanes
    bool may_requeue = false;  // delayed ones may join their lanes
    bool to_tail = false;      // the subject goes to the tail, although it held a slot
    std::vector<Reclaimed> reclaimed = {};
    std::vector<Sid> refilled = {};  // may be new
  };

  [[nodiscard]] Snapshot look(const BusinessId& business) const;
  // Checks the step. Returns the business after it.
  Snapshot check(const BusinessId& business, const Snapshot& before, const Step& step);
  void check_lane(const Step& step, const Snapshot& before, const Snapshot& after, Lane lane) const;
  void check_places(const BusinessId& business, const Step& step, const Snapshot& before, const Snapshot& after) const;
  void count(const std::string& transition) { ++counts_[transition]; }
  void count_request(const RequestAnswer& answer, const Snapshot& before, const Sid& sid, Lane lane);

  Clock& clock_;
  EventSink& events_;
  int default_limit_;
  TransitionCounts& counts_;
  Excuse is_excused_;
  // The stores before a restart: claims may still wait in them.
  std::vector<std::shared_ptr<MemorySlotStore>> retired_;
  std::shared_ptr<MemorySlotStore> store_;
  std::uint64_t steps_ = 0;
};

}  // namespace tapedeck::simulation

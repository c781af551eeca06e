#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "runtime/task.hpp"
#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {

/// A granted recording in a worker's hands.
struct Claim {
  BusinessId business;
  Sid sid;
  Lane lane = Lane::kPlay;
  LeaseId lease;
};

/// The lanes that a worker has room for.
enum class LaneFilter { kAny, kPlayOnly };

struct LeaseRef {
  BusinessId business;
  Sid sid;
  LeaseId lease;
};

/// A claim that does not wait.
struct ClaimWish {
  std::string worker;  ///< asks for one thing at a time: the store remembers the answer to its last claim only
  LaneFilter lanes = LaneFilter::kAny;
  LeaseId lease;
};

struct FinishedAndClaimed {
  FinishAnswer finished;
  std::optional<Claim> claim;
};

/// A running download, and its progress.
struct RunningDownload {
  BusinessId business;
  Sid sid;
  Progress progress;
};

struct SweepReport {
  struct Item {
    BusinessId business;
    Sid sid;
    Lane lane = Lane::kFetch;
    bool gave_up = false;  ///< reclaimed too often
  };
  std::vector<Item> reclaimed;
  struct Admission {
    BusinessId business;
    Admitted admitted;
  };
  std::vector<Admission> admitted;
  struct Refill {
    BusinessId business;
    std::int64_t refill = 0;  ///< refill() takes this number
  };
  /// Businesses whose automatic lanes have room for what waits in the call store alone.
  std::vector<Refill> refills;
  /// Businesses whose state the store has lost: each needs a recover().
  std::vector<BusinessId> lost;
  /// The store has lost everything, or is another one than before: every business that waits for anything in the call
  /// store needs a recover(), and then the caller calls mark_recovered(). One caller at a time gets this.
  bool everything_lost = false;

  /// Adds what the sweep of one business did.
  void add(const BusinessId& business, const SweepAnswer& answer) {
    for (const Reclaimed& item : answer.reclaimed) reclaimed.push_back({business, item.sid, item.lane, item.gave_up});
    for (const Admitted& item : answer.admitted) admitted.push_back({business, item});
    if (answer.refill > 0) refills.push_back({business, answer.refill});
  }
};

struct KnownAnswer {
  std::vector<bool> known;  ///< one for each recording of the question
  bool has_beyond = false;  ///< unknown automatic fetches stand behind the window, and come with a refill
};

enum class RecoverWhat {
  kOnlyLost,  ///< leaves alone what is whole
  kAnything   ///< also what is whole; it ends leases that are held
};

/// What waits of a business, in the order of asking, without automatic fetches beyond fetch_window().
struct Recovered {
  std::vector<RecoveredEntry> entries;
  bool has_beyond = false;  ///< there are automatic fetches beyond the window
};

/// Order, slots and leases of every business: the protocol of slots/protocol/slot_protocol.hpp, behind whatever holds
/// its state. Thread-safe. Every task may fail with kUnavailable. Then its effect is unknown, and the caller may safely
/// call it again with the same ids. `op` names one wish, and stays the same when the caller tries again.
///
/// Where the store can lose its memory while this process lives, a task that concerns one business may fail with
/// kSlotsLost: it has changed nothing, and no task will until recover(). During a rebuild it fails with
/// kSlotsRebuilding. block() and unblock() succeed all the same, and the rebuild applies the block. A lost business
/// holds no leases; claim() passes over it, and sweep() names it.
class SlotStore {
 public:
  virtual ~SlotStore() = default;

  [[nodiscard]] virtual Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane,
                                                            OperationId op) = 0;
  /// Waits up to `patience` for a grant. Empty: nothing came, or `stop` was requested.
  [[nodiscard]] virtual Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                                 Milliseconds patience, std::stop_token stop) = 0;
  /// One answer for each lease: true while it is held.
  [[nodiscard]] virtual Task<Result<std::vector<bool>>> renew(std::vector<LeaseRef> leases) = 0;
  [[nodiscard]] virtual Task<Result<FinishAnswer>> finish(LeaseRef lease, FinishOutcome outcome) = 0;
  /// finish(), and then a claim, in one step where the store can. A worker without room asks for this when a download
  /// has ended. The same ids again get the same answer.
  [[nodiscard]] virtual Task<Result<FinishedAndClaimed>> finish_and_claim(LeaseRef lease, FinishOutcome outcome,
                                                                          ClaimWish next) {
    auto finished = co_await finish(std::move(lease), std::move(outcome));
    if (!finished) co_return fail(finished.error());
    auto claimed = co_await claim(std::move(next.worker), next.lanes, std::move(next.lease), Milliseconds{0}, {});
    if (!claimed) co_return fail(claimed.error());
    FinishedAndClaimed both{std::move(*finished), std::move(*claimed)};
    co_return both;
  }
  [[nodiscard]] virtual Task<Result<std::vector<Admitted>>> block(BusinessId business, std::optional<SystemTime> until,
                                                                  std::string why) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<Admitted>>> unblock(BusinessId business) = 0;
  [[nodiscard]] virtual Task<Result<CancelAnswer>> cancel(BusinessId business, Sid sid) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<Admitted>>> set_limit(BusinessId business, int limit) = 0;
  /// Sweeps the businesses that are due. The caller calls it about once a second.
  [[nodiscard]] virtual Task<Result<SweepReport>> sweep() = 0;
  [[nodiscard]] virtual Task<Result<SlotStatus>> status(BusinessId business, Sid sid) = 0;
  /// Which of them have a slot, wait or are delayed.
  [[nodiscard]] virtual Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) = 0;
  /// Most automatic fetches of a business that wait here at once.
  [[nodiscard]] virtual int fetch_window() const noexcept { return kFetchWindow; }
  /// Appends to the automatic lane what waits first in the call store: `sids` in their order, read after a sweep
  /// reported `refill`; at most fetch_window(). `is_all`: no others wait there.
  [[nodiscard]] virtual Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill,
                                                                   std::vector<Sid> sids, bool is_all) = 0;
  /// Workers report about once a second, for progress_of() in other processes.
  [[nodiscard]] virtual Task<Result<void>> tell_progress(std::vector<RunningDownload> downloads) {
    (void)downloads;
    co_return Result<void>();  // one process has one board for all (app/progress.hpp)
  }
  [[nodiscard]] virtual Task<Result<std::optional<Progress>>> progress_of(BusinessId business, Sid sid) {
    (void)business;
    (void)sid;
    co_return std::nullopt;
  }
  /// The queue with at most `most` items.
  [[nodiscard]] virtual Task<Result<QueueState>> view(BusinessId business, int most) = 0;
  /// Announces the rebuild of a business, before the caller reads the call store for it. From then on the store accepts
  /// only a recover() of the same epoch, and none once it has lost its memory again; until then it changes nothing of
  /// the business. False: the business is whole, or has seen a later epoch. Error kSlotsRebuilding: another caller is
  /// rebuilding it.
  [[nodiscard]] virtual Task<Result<bool>> begin_recovery(BusinessId business, std::int64_t epoch, RecoverWhat what) {
    (void)business;
    (void)epoch;
    (void)what;
    co_return true;  // a store in this process loses its memory only with the process
  }
  /// Replaces the state of a business by what the call store knows, unless it has seen this epoch or a later one.
  /// Grants nothing for `hold`.
  [[nodiscard]] virtual Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit,
                                                                    Recovered recovered, Milliseconds hold) = 0;
  /// Ends a rebuild of everything that sweep() called lost.
  [[nodiscard]] virtual Task<Result<void>> mark_recovered() { co_return Result<void>(); }
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

}  // namespace tapedeck

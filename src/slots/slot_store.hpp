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

/// Which lanes a worker has room for.
enum class LaneFilter { kAny, kPlayOnly };

struct LeaseRef {
  BusinessId business;
  Sid sid;
  LeaseId lease;
};

/// A claim that does not wait.
struct ClaimWish {
  std::string worker;  ///< who asks for one thing at a time: for the last claim alone is an answer remembered
  LaneFilter lanes = LaneFilter::kAny;
  LeaseId lease;
};

struct FinishedAndClaimed {
  FinishAnswer finished;
  std::optional<Claim> claim;
};

/// A running download, and how far it is.
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
    std::int64_t refill = 0;  ///< to be given to refill()
  };
  /// Businesses whose fetch lanes have room for what waits in the call store alone.
  std::vector<Refill> refills;
  /// Businesses whose state the store has lost: to be recovered, each by recover().
  std::vector<BusinessId> lost;
  /// The store has lost all it had, or is another than before: to be recovered is every business that waits for
  /// anything in the call store, and then mark_recovered() is to be called. Told to one caller at a time.
  bool everything_lost = false;
};

struct KnownAnswer {
  std::vector<bool> known;  ///< one for each that was asked about
  bool has_beyond = false;  ///< automatic fetches that are not known are behind the window, and come with a refill
};

enum class RecoverWhat {
  kOnlyLost,  ///< leaves alone what is whole
  kAnything   ///< for who knows better: leases that are held end with it
};

struct RecoverEntry {
  Sid sid;
  Lane lane = Lane::kFetch;
  bool was_processing = false;         ///< goes to the head of its lane
  std::optional<SystemTime> retry_at;  ///< backing off until then
  std::string why;
};

/// What waits of a business, in the order of asking: all but automatic fetches beyond fetch_window().
struct Recovered {
  std::vector<RecoverEntry> entries;
  bool has_beyond = false;  ///< there are such
};

/// Order, slots and leases of every business: the protocol of slots/protocol/slot_protocol.hpp, behind whatever holds
/// its state. Thread-safe. Every task may fail with kUnavailable; then its effect is unknown, and calling it again with
/// the same ids is safe. `op` names one intention, and stays the same when it is tried again.
///
/// What concerns one business may fail with kSlotsRebuilding for a moment, and with kSlotsLost where the store's memory
/// can be lost without this process: nothing was changed, and nothing will be until recover(). block() and unblock()
/// succeed all the same, and the block is put to use by the recovery. A lease that was lost so is not held any more;
/// claim() passes over such a business, and sweep() names it.
class SlotStore {
 public:
  virtual ~SlotStore() = default;

  [[nodiscard]] virtual Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane,
                                                            OperationId op) = 0;
  /// Waits up to `patience` for a grant. Empty: nothing came, or `stop` was requested.
  [[nodiscard]] virtual Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                                 Milliseconds patience, std::stop_token stop) = 0;
  /// One answer for each: true while the lease is held.
  [[nodiscard]] virtual Task<Result<std::vector<bool>>> renew(std::vector<LeaseRef> leases) = 0;
  [[nodiscard]] virtual Task<Result<FinishAnswer>> finish(LeaseRef lease, FinishOutcome outcome) = 0;
  /// finish(), and at once a claim, in one step where the store can: what a worker without room asks for when a
  /// download has ended. Called again with the same ids it answers the same.
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
  /// Looks at the businesses that are due; to be called about once a second.
  [[nodiscard]] virtual Task<Result<SweepReport>> sweep() = 0;
  [[nodiscard]] virtual Task<Result<SlotStatus>> status(BusinessId business, Sid sid) = 0;
  /// Which of them have a slot, wait or back off.
  [[nodiscard]] virtual Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) = 0;
  /// Automatic fetches of a business that wait here at once.
  [[nodiscard]] virtual int fetch_window() const noexcept { return kFetchWindow; }
  /// Appends to the fetch lane what waits first in the call store, `sids` in their order, read after a sweep reported
  /// `refill`; at most fetch_window(). `is_all`: no others wait there.
  [[nodiscard]] virtual Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill,
                                                                   std::vector<Sid> sids, bool is_all) = 0;
  /// Told by workers about once a second, for progress_of() in other processes.
  [[nodiscard]] virtual Task<Result<void>> tell_progress(std::vector<RunningDownload> downloads) {
    (void)downloads;
    co_return Result<void>();  // in one process all look at the same board (app/progress.hpp)
  }
  [[nodiscard]] virtual Task<Result<std::optional<Progress>>> progress_of(BusinessId business, Sid sid) {
    (void)business;
    (void)sid;
    co_return std::nullopt;
  }
  /// Active first, then the lanes in order, then the delayed by due time; at most `most` of them.
  [[nodiscard]] virtual Task<Result<BusinessView>> view(BusinessId business, int most) = 0;
  /// Says that a business is about to be rebuilt: before the call store is read for it. Only a recover() of the same
  /// epoch is accepted after that, and none once the store has lost its memory again; until then nothing of the
  /// business can be changed. False: it is whole, or has seen a later epoch.Error kSlotsRebuilding: somebody else is at
  /// it.
  [[nodiscard]] virtual Task<Result<bool>> begin_recovery(BusinessId business, std::int64_t epoch, RecoverWhat what) {
    (void)business;
    (void)epoch;
    (void)what;
    co_return true;  // a store in this process does not lose its memory alone
  }
  /// Replaces the state of a business by what the call store knows, unless it has seen this epoch or a later one.
  /// Grants nothing before `hold`.
  [[nodiscard]] virtual Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit,
                                                                    Recovered recovered, Milliseconds hold) = 0;
  /// Says that everything which sweep() called lost has been recovered.
  [[nodiscard]] virtual Task<Result<void>> mark_recovered() { co_return Result<void>(); }
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

}  // namespace tapedeck

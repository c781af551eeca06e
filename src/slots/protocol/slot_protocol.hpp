#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/recording.hpp"
#include "slots/protocol/ranked_sids.hpp"

// The slot protocol of one business, as a pure state machine.
//
// Problem. At most `limit` downloads of a business may run at once, the others wait their turn, and whoever holds a
// slot may die at any moment without saying so.
//
// Method. A recording is in at most one place: active (it holds a slot), waiting in the play lane, waiting in the fetch
// lane, or delayed (backing off, holding no slot). An active one is first granted, then claimed by a worker under a
// lease. Every operation ends by admitting while a slot is free and somebody may go, so that no wake-up can be lost:
// there is no state in which a slot is free, nothing forbids admission, and somebody waits.
//
// Invariants, checked by is_consistent() and by the simulation after each step:
//   - the set of active recordings is the count: there is no counter beside it;
//   - nothing is admitted while active >= limit, before `hold`, or while blocked;
//   - lanes are first in, first out; a newcomer never overtakes; due retries join the tail, reclaimed ones the head;
//   - only the holder of a lease can free its slot; releasing what one does not hold changes nothing.
//
// The fetch lane holds a window of what the call store has waiting, so that an import of a million costs no memory
// here. A request that finds the window full is turned away (kBeyond) and counted; from then on so is every new one of
// that lane, for it stands behind them. When the lane has drained to its half, sweep() asks for refill(), which brings
// the next ones in their order, until the call store has no more and nobody was turned away meanwhile.
//
// The functions take `now` and never look at a clock. All costs are O(log n) in the recordings of the business, except
// cancelling from the middle and a position, which are O(log n) here too.

namespace tapedeck {

/// Default of MAX_SLOTS_PER_BUSINESS.
inline constexpr int kDefaultSlotLimit = 3;
/// Most slots that a business may be given.
inline constexpr int kSlotLimitMax = 1000;
/// One grant in this many goes to the fetch lane while both lanes wait, so that presses cannot starve it.
inline constexpr int kFetchShare = 8;
/// Automatic fetches of a business that wait here at once; the others wait in the call store alone.
inline constexpr int kFetchWindow = 1'000;
/// How long a sweep waits for a refill that it has asked for before it asks again.
inline constexpr Milliseconds kRefillPause{1'000};
/// How long a lease lives without renewal.
inline constexpr Milliseconds kLeaseTtl{15'000};
/// Times that a recording may lose its worker before it is given up: what kills workers must not kill them for ever.
inline constexpr int kMaxReclaims = 5;
/// How long the answer to a finish is remembered, for a caller that lost it and asks again.
inline constexpr Milliseconds kAnswerMemory{60'000};

using LeaseId = std::string;
using OperationId = std::string;

/// A recording that was given a slot, and the count after it.
struct Admitted {
  Sid sid;
  Lane lane = Lane::kPlay;
  int active = 0;
  int limit = 0;
  friend bool operator==(const Admitted&, const Admitted&) = default;
};

enum class RequestKind {
  kAcquired,       ///< holds a slot now, and did not before
  kQueued,         ///< waits in its lane now, and did not before
  kProcessing,     ///< held a slot already
  kAlreadyQueued,  ///< waited already (a press may have moved it to the play lane)
  kDelayed,        ///< backs off after a failure
  kBeyond,         ///< waits in the call store alone, behind the fetch lane's window
};

struct RequestAnswer {
  RequestKind kind = RequestKind::kQueued;
  int active = 0;
  int limit = 0;
  int position = 0;                 ///< 1-based over both lanes, 0 when not waiting
  int queue_length = 0;             ///< waiting in both lanes
  int lane_length = 0;              ///< waiting in the lane that was asked for; `queue_len` of the log
  std::optional<SystemTime> until;  ///< of kDelayed
  std::string why;
  std::vector<Admitted> admitted;  ///< others that this step let in
  friend bool operator==(const RequestAnswer&, const RequestAnswer&) = default;
};

enum class FinishKind {
  kDone,      ///< stored, failed for good, absent, or nothing to do: gone from here
  kRetry,     ///< delayed until `retry_at`, then to the tail of its lane
  kHandBack,  ///< unharmed: to the head of its lane
};

struct FinishOutcome {
  FinishKind kind = FinishKind::kDone;
  std::optional<SystemTime> retry_at;
  std::string why;
};

struct FinishAnswer {
  bool held = false;      ///< false: the lease was not held, and nothing was released
  bool repeated = false;  ///< the lease was finished before; this says again what was said then
  int active_after = 0;   ///< after the release, before anybody was let in
  int limit = 0;
  std::vector<Admitted> admitted;  ///< by this step
  friend bool operator==(const FinishAnswer&, const FinishAnswer&) = default;
};

enum class CancelKind { kCancelled, kRunning, kUnknown };
struct CancelAnswer {
  CancelKind kind = CancelKind::kUnknown;
  std::vector<Admitted> admitted;
  friend bool operator==(const CancelAnswer&, const CancelAnswer&) = default;
};

enum class SlotPlace { kNone, kGranted, kRunning, kWaiting, kDelayed };

/// Where a recording is, and why it is not further.
struct SlotStatus {
  SlotPlace place = SlotPlace::kNone;
  Lane lane = Lane::kPlay;
  int position = 0;      ///< 1-based over both lanes, when waiting
  int queue_length = 0;  ///< waiting in both lanes
  int active = 0;
  int limit = 0;
  std::optional<SystemTime> until;  ///< when it may go on, where that is known
  std::string why;                  ///< a sentence
  friend bool operator==(const SlotStatus&, const SlotStatus&) = default;
};

/// A business's slots as people see them.
struct BusinessView {
  struct Item {
    Sid sid;
    SlotStatus status;
  };
  int active = 0;
  int limit = 0;
  int waiting_play = 0;
  int waiting_fetch = 0;
  int delayed = 0;
  std::optional<SystemTime> blocked_until;
  std::string blocked_why;  ///< empty: not blocked
  bool has_beyond = false;  ///< more automatic fetches wait in the call store alone
  std::vector<Item> items;
};

struct Reclaimed {
  Sid sid;
  Lane lane = Lane::kFetch;
  bool gave_up = false;  ///< more than kMaxReclaims: gone from here
  friend bool operator==(const Reclaimed&, const Reclaimed&) = default;
};

struct SweepAnswer {
  std::vector<Reclaimed> reclaimed;
  std::vector<Admitted> admitted;
  /// Not 0: the fetch lane has room, and more waits in the call store; to be given to refill().
  std::int64_t refill = 0;
  friend bool operator==(const SweepAnswer&, const SweepAnswer&) = default;
};

/// A granted recording taken by a worker.
struct ClaimAnswer {
  Sid sid;
  Lane lane = Lane::kPlay;
  friend bool operator==(const ClaimAnswer&, const ClaimAnswer&) = default;
};

/// What a recovery puts back, in the order of asking.
struct RecoveredEntry {
  Sid sid;
  Lane lane = Lane::kFetch;
  bool was_processing = false;
  std::optional<SystemTime> retry_at;
  std::string why;
};

class BusinessSlots {
 public:
  explicit BusinessSlots(int limit = kDefaultSlotLimit, int fetch_window = kFetchWindow)
      : limit_(limit), fetch_window_(fetch_window) {}

  /// Asks for a recording. The same `op` again answers as the first time did.
  [[nodiscard]] RequestAnswer request(const Sid& sid, Lane lane, const OperationId& op, SystemTime now);
  /// Gives the longest-granted recording of an allowed lane to a worker, presses first. The same `lease` again answers
  /// the same recording.
  [[nodiscard]] std::optional<ClaimAnswer> claim(bool play_only, const LeaseId& lease, SystemTime now);
  /// What a lease holds, if it is held.
  [[nodiscard]] std::optional<ClaimAnswer> held_by(const LeaseId& lease) const;
  /// False: the lease is lost.
  [[nodiscard]] bool renew(const LeaseId& lease, SystemTime now);
  [[nodiscard]] FinishAnswer finish(const LeaseId& lease, const FinishOutcome& outcome, SystemTime now);
  /// Until `until` (for ever without one) nothing is admitted; grants that no worker took yet go back to their lanes.
  /// Of two blocks the longer holds.
  [[nodiscard]] std::vector<Admitted> block(std::optional<SystemTime> until, const std::string& why, SystemTime now);
  [[nodiscard]] std::vector<Admitted> unblock(SystemTime now);
  [[nodiscard]] CancelAnswer cancel(const Sid& sid, SystemTime now);
  /// Takes effect as slots free themselves: what runs is not killed.
  [[nodiscard]] std::vector<Admitted> set_limit(int limit, SystemTime now);
  [[nodiscard]] SweepAnswer sweep(SystemTime now);
  /// Appends to the fetch lane what waits first in the call store: `sids`, in their order, read after a sweep answered
  /// `refill`; what is here already stays where it is. `is_all`: there are no others.
  [[nodiscard]] std::vector<Admitted> refill(std::int64_t refill, const std::vector<Sid>& sids, bool is_all,
                                             SystemTime now);
  /// Replaces everything but a block, unless `epoch` is not higher than the last one seen.
  /// `has_beyond`: more automatic fetches wait behind these.
  [[nodiscard]] std::vector<Admitted> recover(std::int64_t epoch, int limit, const std::vector<RecoveredEntry>& entries,
                                              bool has_beyond, SystemTime hold, SystemTime now);

  [[nodiscard]] SlotStatus status(const Sid& sid, SystemTime now) const;
  [[nodiscard]] BusinessView view(std::size_t most, SystemTime now) const;

  /// It has a slot, waits or backs off.
  [[nodiscard]] bool has(const Sid& sid) const { return entries_.contains(sid); }
  [[nodiscard]] int limit() const noexcept { return limit_; }
  [[nodiscard]] int active() const noexcept { return static_cast<int>(active_.size()); }
  [[nodiscard]] int waiting(Lane lane) const noexcept { return static_cast<int>(lane_of(lane).size()); }
  [[nodiscard]] int waiting() const noexcept { return waiting(Lane::kPlay) + waiting(Lane::kFetch); }
  [[nodiscard]] bool has_beyond() const noexcept { return beyond_ > 0; }
  [[nodiscard]] int delayed() const noexcept { return static_cast<int>(delayed_.size()); }
  /// Grants of a lane that no worker has taken yet.
  [[nodiscard]] bool has_unclaimed(Lane lane) const noexcept;
  /// When sweep() has something to do next; nothing while nothing can happen by itself.
  [[nodiscard]] std::optional<SystemTime> next_due() const;
  /// Nothing is here and nothing is remembered: the business may be forgotten.
  [[nodiscard]] bool at_rest() const noexcept;

  /// Every invariant that holds between operations; empty, or the first one that is broken. For tests; O(n).
  [[nodiscard]] std::string broken_invariant(SystemTime now) const;

 private:
  // Order within a lane. The head grows downwards, the tail upwards.
  using Rank = std::int64_t;

  struct Entry {
    SlotPlace place = SlotPlace::kWaiting;
    Lane lane = Lane::kPlay;
    Rank rank = 0;  // in its lane (waiting), or order of the grant (active)
    int reclaims = 0;
    bool by_share = false;   // granted by the fetch lane's share
    OperationId request_op;  // that brought it here
    RequestKind request_kind = RequestKind::kQueued;
    LeaseId lease;          // running
    SystemTime deadline{};  // running: of the lease; delayed: when due
    std::string why;        // delayed
  };
  using Entries = std::unordered_map<Sid, Entry>;
  struct Remembered {
    SystemTime forget_at;
    FinishAnswer answer;
  };

  [[nodiscard]] const RankedSids& lane_of(Lane lane) const noexcept { return lane == Lane::kPlay ? play_ : fetch_; }
  [[nodiscard]] RankedSids& lane_of(Lane lane) noexcept { return lane == Lane::kPlay ? play_ : fetch_; }

  [[nodiscard]] bool is_held_back(SystemTime now) const;
  [[nodiscard]] bool may_admit(SystemTime now) const;
  [[nodiscard]] bool is_beyond_window(Lane lane) const;
  [[nodiscard]] bool wants_refill() const;
  [[nodiscard]] Lane next_lane() const;
  [[nodiscard]] Admitted grant_head(Lane lane);
  [[nodiscard]] std::vector<Admitted> admit(SystemTime now);
  [[nodiscard]] std::vector<Admitted> admit_press(SystemTime now);
  void push_back(const Sid& sid, Entry& entry, Lane lane);
  void push_front(const Sid& sid, Entry& entry);
  void unlink(const Sid& sid, Entry& entry);
  bool yield_one_fetch_grant();
  void return_unclaimed(std::size_t keep);
  std::vector<Reclaimed> reclaim_expired(SystemTime now);
  void requeue_due(SystemTime now);
  void delay(const Sid& sid, Entry& entry, SystemTime until, std::string why);
  [[nodiscard]] RequestAnswer answer_request(RequestKind kind, const Sid& sid, Lane lane,
                                             std::vector<Admitted> admitted, SystemTime now);
  [[nodiscard]] RequestAnswer turn_away(SystemTime now);
  [[nodiscard]] RequestKind place_newcomer(const Sid& sid, Entry& entry, Lane lane);
  [[nodiscard]] RequestKind request_again(const Sid& sid, Entry& entry, Lane lane, const OperationId& op);
  void remember(const LeaseId& lease, const FinishAnswer& answer, SystemTime now);
  [[nodiscard]] int position_of(const Entry& entry) const;
  [[nodiscard]] SlotStatus status_of(const Entry& entry, SystemTime now) const;
  [[nodiscard]] std::string why_waiting(SystemTime now) const;
  [[nodiscard]] std::string why_beyond() const;
  void prune_memory(SystemTime now);

  int limit_;
  int fetch_window_;
  std::int64_t beyond_ =
      0;                    // requests turned away since the lane held all that wait, or 1 for what a recovery left out
  SystemTime refill_at_{};  // when a sweep asks for the refill, should it be wanted
  std::int64_t epoch_ = 0;
  Entries entries_;
  std::map<Rank, Sid> active_;  // by order of the grant
  RankedSids play_;
  RankedSids fetch_;
  std::set<std::pair<SystemTime, Sid>> delayed_;
  std::unordered_map<LeaseId, Sid> leases_;
  std::unordered_map<LeaseId, Remembered> finished_;
  std::deque<LeaseId> finish_order_;
  Rank next_rank_ = 1;
  Rank head_rank_ = 0;
  int plays_since_fetch_ = 0;
  SystemTime hold_{};
  bool blocked_ = false;
  std::optional<SystemTime> blocked_until_;
  std::string blocked_why_;
};

}  // namespace tapedeck

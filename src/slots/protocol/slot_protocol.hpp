#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "slots/protocol/slot_answers.hpp"
#include "slots/protocol/slot_places.hpp"

// The slot protocol of one business, as a pure state machine.
//
// Problem. At most `limit` downloads of a business may run at once, the others wait their turn, and whoever holds a
// slot may die at any moment without saying so.
//
// Method. A recording is in at most one place: active (it holds a slot), waiting in the play lane, waiting in the
// automatic lane (kFetch), or delayed (it waits for its retry and holds no slot). An active one is first granted, then
// running: a worker has claimed it under a lease. Every operation ends by admitting while a slot is free and somebody
// may go, so that no wake-up can be lost: there is no state in which a slot is free, nothing forbids admission, and
// somebody waits.
//
// Invariants. broken_invariant() checks the first and the places; the simulation checks all of them after each step:
//   - the set of active recordings is the count: there is no counter beside it;
//   - nothing is admitted while active >= limit, before `hold`, or while blocked;
//   - lanes are first in, first out; a newcomer never overtakes; due retries join the tail, reclaimed ones the head;
//   - only the holder of a lease can free its slot; releasing what one does not hold changes nothing.
//
// The automatic lane holds a window of what the call store has waiting, so that an import of a million costs no memory
// here. A request that finds the window full is turned away (kBeyond) and counted; from then on so is every new one of
// that lane, because it stands behind them. When the lane has drained to its half, sweep() asks for refill(), which
// brings the next ones in their order, until the call store has no more and nobody was turned away meanwhile.
//
// Costs. The functions take `now` and never look at a clock. Let n be the recordings of the business and a the active
// ones, at most kSlotLimitMax. Each recording that an operation moves costs O(log n), and so does a position; to cancel
// from the middle of a lane is such a move. In addition:
//   - O(a) for claim(), block(), set_limit(), sweep(), next_due(), has_unclaimed(), and a press without a free slot;
//   - O(sids) for refill(), O(n log n) for recover() and broken_invariant(), O(most * log n) for view().
// renew() and held_by() cost O(1).

namespace tapedeck {

/// Default of MAX_SLOTS_PER_BUSINESS.
inline constexpr int kDefaultSlotLimit = 3;
/// Most slots that a business may be given.
inline constexpr int kSlotLimitMax = 1000;
/// One grant in this many goes to the automatic lane while both lanes wait, so that presses cannot starve it.
inline constexpr int kFetchShare = 8;
/// Automatic fetches of a business that wait here at once; the others wait in the call store alone.
inline constexpr int kFetchWindow = 1'000;
/// Time for which a sweep waits for the refill that it has asked for before it asks again.
inline constexpr Milliseconds kRefillPause{1'000};
/// Life of a lease without renewal.
inline constexpr Milliseconds kLeaseTtl{15'000};
/// Times that a recording may lose its worker before it is given up: what kills workers must not kill them for ever.
inline constexpr int kMaxReclaims = 5;
/// Time for which the answer to a finish is remembered, for a caller that lost it and asks again.
inline constexpr Milliseconds kAnswerMemory{60'000};

class BusinessSlots {
 public:
  explicit BusinessSlots(int limit = kDefaultSlotLimit, int fetch_window = kFetchWindow)
      : limit_(limit), fetch_window_(fetch_window) {}

  /// Asks for a recording. The same `op` again answers as the first time.
  [[nodiscard]] RequestAnswer request(const Sid& sid, Lane lane, const OperationId& op, SystemTime now);
  /// Gives the longest-granted recording of an allowed lane to a worker, presses first. The same `lease` again answers
  /// the same recording.
  [[nodiscard]] std::optional<ClaimAnswer> claim(bool play_only, const LeaseId& lease, SystemTime now);
  /// What a lease holds, if it is held.
  [[nodiscard]] std::optional<ClaimAnswer> held_by(const LeaseId& lease) const;
  /// False: the lease is lost.
  [[nodiscard]] bool renew(const LeaseId& lease, SystemTime now);
  [[nodiscard]] FinishAnswer finish(const LeaseId& lease, const FinishOutcome& outcome, SystemTime now);
  /// Admits nothing until `until` (without one: for ever). Grants that no worker has taken return to their lanes. Of
  /// two blocks the longer holds.
  [[nodiscard]] std::vector<Admitted> block(std::optional<SystemTime> until, const std::string& why, SystemTime now);
  [[nodiscard]] std::vector<Admitted> unblock(SystemTime now);
  [[nodiscard]] CancelAnswer cancel(const Sid& sid, SystemTime now);
  /// Takes effect as slots free themselves: it ends nothing that runs.
  [[nodiscard]] std::vector<Admitted> set_limit(int limit, SystemTime now);
  [[nodiscard]] SweepAnswer sweep(SystemTime now);
  /// Appends to the automatic lane what waits first in the call store: `sids`, in their order, read after a sweep
  /// answered `refill`. What is here already stays where it is. `is_all`: there are no others.
  [[nodiscard]] std::vector<Admitted> refill(std::int64_t refill, const std::vector<Sid>& sids, bool is_all,
                                             SystemTime now);
  /// Replaces everything but a block, unless `epoch` is not higher than the last one seen.
  /// `has_beyond`: more automatic fetches wait behind these.
  [[nodiscard]] std::vector<Admitted> recover(std::int64_t epoch, int limit, const std::vector<RecoveredEntry>& entries,
                                              bool has_beyond, SystemTime hold, SystemTime now);

  [[nodiscard]] SlotStatus status(const Sid& sid, SystemTime now) const;
  [[nodiscard]] QueueState view(std::size_t most, SystemTime now) const;

  /// It has a slot, waits or is delayed.
  [[nodiscard]] bool has(const Sid& sid) const { return places_.has(sid); }
  [[nodiscard]] int limit() const noexcept { return limit_; }
  [[nodiscard]] int active() const noexcept { return static_cast<int>(places_.active().size()); }
  [[nodiscard]] int waiting(Lane lane) const noexcept { return static_cast<int>(places_.lane(lane).size()); }
  [[nodiscard]] int waiting() const noexcept { return waiting(Lane::kPlay) + waiting(Lane::kFetch); }
  [[nodiscard]] bool has_beyond() const noexcept { return beyond_ > 0; }
  [[nodiscard]] int delayed() const noexcept { return static_cast<int>(places_.delayed().size()); }
  /// Grants of a lane that no worker has taken yet.
  [[nodiscard]] bool has_unclaimed(Lane lane) const { return places_.first_unclaimed(lane) != nullptr; }
  /// When sweep() has something to do next; nothing while time alone changes nothing.
  [[nodiscard]] std::optional<SystemTime> next_due() const;
  /// Nothing is here and nothing is remembered: the business may be forgotten.
  [[nodiscard]] bool at_rest() const noexcept;

  /// Empty, or the first of the invariants between operations that is broken. For tests.
  [[nodiscard]] std::string broken_invariant(SystemTime now) const;

 private:
  using Entry = SlotPlaces::Entry;
  struct Remembered {
    SystemTime forget_at;
    FinishAnswer answer;
  };

  [[nodiscard]] bool is_blocked(SystemTime now) const { return blocked_ && (!blocked_until_ || now < *blocked_until_); }
  [[nodiscard]] bool is_held_back(SystemTime now) const { return now < hold_ || is_blocked(now); }
  [[nodiscard]] bool may_admit(SystemTime now) const;
  [[nodiscard]] bool is_beyond_window(Lane lane) const;
  [[nodiscard]] bool wants_refill() const;
  [[nodiscard]] Lane next_lane() const;
  [[nodiscard]] Admitted grant_head(Lane lane);
  [[nodiscard]] std::vector<Admitted> admit(SystemTime now);
  [[nodiscard]] std::vector<Admitted> admit_press(SystemTime now);
  bool yield_one_fetch_grant();
  void return_unclaimed(std::size_t keep);
  void lift_block();
  std::vector<Reclaimed> reclaim_expired(SystemTime now);
  void requeue_due(SystemTime now);
  [[nodiscard]] RequestAnswer turn_away(SystemTime now);
  [[nodiscard]] RequestKind request_again(const Sid& sid, Entry& entry, Lane lane, const OperationId& op);
  void remember(const LeaseId& lease, const FinishAnswer& answer, SystemTime now);
  void prune_memory(SystemTime now);
  [[nodiscard]] SlotStatus status_of(const Entry& entry, SystemTime now) const;
  [[nodiscard]] std::string why_waiting(SystemTime now) const;

  int limit_;
  int fetch_window_;
  // Requests turned away since the automatic lane held all that wait; or 1 for what a rebuild left out.
  std::int64_t beyond_ = 0;
  SystemTime refill_at_{};  // when a sweep asks for the refill, should it be wanted
  std::int64_t epoch_ = 0;
  SlotPlaces places_;
  std::unordered_map<LeaseId, Remembered> finished_;
  std::deque<LeaseId> finish_order_;
  int plays_since_fetch_ = 0;
  SystemTime hold_{};
  bool blocked_ = false;
  std::optional<SystemTime> blocked_until_;
  std::string blocked_why_;
};

}  // namespace tapedeck

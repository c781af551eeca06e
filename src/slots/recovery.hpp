#pragma once

#include <vector>

#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "runtime/clock.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// Businesses that are rebuilt at a time when everything was lost.
inline constexpr int kRebuiltAtOnce = 32;
/// Time after a start without slots for a business with interrupted downloads: they ended with their process, and the
/// provider may not have noticed yet.
inline constexpr Milliseconds kInterruptedHold{2'000};

/// Counts of a pass over the waiting rows.
struct RecoveryReport {
  int recordings = 0;   ///< put back, or requested again
  int interrupted = 0;  ///< of them, those that a worker was running
  int businesses = 0;
};

/// Rebuilds the empty slot store of a process that is alone from the call store, in the order of asking. The caller
/// calls it before anything requests slots. `now` is the wall clock's.
[[nodiscard]] Task<Result<RecoveryReport>> recover_slots(CallStore& calls, SlotStore& slots, Businesses& businesses,
                                                         std::int64_t epoch, SystemTime now);

/// Rebuilds businesses in a slot store that many processes share, while others use it. Each business is rebuilt by
/// itself, by the process that comes first.
///
/// The order of steps keeps the limit. First the slot store learns that a rebuild begins. Then the call store is read:
/// its waiting rows, and whether an attempt may be open. Then the slots are written, if the slot store still knows of
/// this rebuild. So the rows are never older than the loss that they mend. With an attempt open, nothing is granted
/// before `hold` has passed: by then its worker has ended it.
class SlotRecovery {
 public:
  /// `hold`: kLeaseTtl, and the time for which a replaced master may have gone on renewing leases.
  SlotRecovery(CallStore& calls, SlotStore& slots, Businesses& businesses, Clock& clock, Milliseconds hold)
      : calls_(calls), slots_(slots), businesses_(businesses), clock_(clock), hold_(hold) {}

  /// Leaves out the queued recordings of `asked_next`, which the caller requests afterwards. Error kUnavailable: a
  /// store is away, or another process is rebuilding it.
  [[nodiscard]] Task<Result<RecoveryReport>> recover(BusinessId business, std::vector<Sid> asked_next,
                                                     RecoverWhat what = RecoverWhat::kOnlyLost);
  /// Rebuilds every business that waits for anything. Error: the first one, after all others were tried.
  [[nodiscard]] Task<Result<RecoveryReport>> recover_all();

 private:
  struct Pass;
  [[nodiscard]] Task<> rebuild_next(Pass& pass);
  [[nodiscard]] Task<Result<Recovered>> waiting_of(BusinessId business, std::vector<Sid> left_out);

  CallStore& calls_;
  SlotStore& slots_;
  Businesses& businesses_;
  Clock& clock_;
  const Milliseconds hold_;
};

}  // namespace tapedeck

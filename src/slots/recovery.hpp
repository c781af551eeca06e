#pragma once

#include <vector>

#include "calls/businesses.hpp"
#include "calls/ports/attempt_store.hpp"
#include "calls/ports/waiting_store.hpp"
#include "runtime/clock.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// Businesses that are rebuilt at once when everything was lost.
inline constexpr int kRebuiltAtOnce = 32;
/// After a start, a business with interrupted downloads gets no slot for this long: they ended with the process that
/// had them, and the provider may not have noticed yet.
inline constexpr Milliseconds kInterruptedHold{2'000};

/// What a pass over the waiting rows did.
struct RecoveryReport {
  int recordings = 0;   ///< put back, or asked for again
  int interrupted = 0;  ///< of them, that a worker was at
  int businesses = 0;
};

/// Rebuilds an empty slot store of this process alone from the call store, in the order of asking. To be called before
/// anything else asks for slots. `now` is the wall clock's.
[[nodiscard]] Task<Result<RecoveryReport>> recover_slots(WaitingStore& rows_that_wait, AttemptStore& attempts,
                                                         SlotStore& slots, Businesses& businesses, std::int64_t epoch,
                                                         SystemTime now);

/// Rebuilds businesses in a slot store that many processes share, while others use it: each by itself, and by whoever
/// comes first.
///
/// The order is what keeps the limit: the slot store is told that a rebuilding begins; then the call store is read, its
/// waiting rows and whether an attempt may be open; then the slots are written, and only if the slot store still knows
/// of this very rebuilding. So what was read is never older than the loss that it mends. With an attempt open nothing
/// is granted before `hold` has passed: by then its worker has ended it.
class SlotRecovery {
 public:
  /// `hold`: kLeaseTtl, and as long as a replaced master may have gone on renewing leases.
  SlotRecovery(WaitingStore& waiting, AttemptStore& attempts, SlotStore& slots, Businesses& businesses, Clock& clock,
               Milliseconds hold)
      : waiting_(waiting), attempts_(attempts), slots_(slots), businesses_(businesses), clock_(clock), hold_(hold) {}

  /// `asked_next`: queued recordings that the caller asks for afterwards, to be left out. Error kUnavailable: a store
  /// is away, or another process is at it.
  [[nodiscard]] Task<Result<RecoveryReport>> recover(BusinessId business, std::vector<Sid> asked_next,
                                                     RecoverWhat what = RecoverWhat::kOnlyLost);
  /// Every business that waits for anything. Errors: the first one met, once the others have been gone through.
  [[nodiscard]] Task<Result<RecoveryReport>> recover_all();

 private:
  struct Pass;
  [[nodiscard]] Task<> rebuild_next(Pass& pass);
  [[nodiscard]] Task<Result<Recovered>> waiting_of(BusinessId business, std::vector<Sid> left_out);

  WaitingStore& waiting_;
  AttemptStore& attempts_;
  SlotStore& slots_;
  Businesses& businesses_;
  Clock& clock_;
  const Milliseconds hold_;
};

}  // namespace tapedeck

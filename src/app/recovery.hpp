#pragma once

#include "app/slot_requests.hpp"
#include "app/businesses.hpp"
#include "ports/call_store.hpp"
#include "ports/event_sink.hpp"
#include "ports/random.hpp"
#include "ports/slot_store.hpp"

namespace tapedeck {

/// Rows read at once.
inline constexpr int kWaitingPage = 1'000;
/// After a start, a business with interrupted downloads gets no slot for this long: the provider may not have noticed
/// yet that they are closed.
inline constexpr Milliseconds kInterruptedHold{2'000};

/// What a pass over the waiting rows did.
struct RecoveryReport {
  int recordings = 0;  ///< put back, or asked for again
  int interrupted = 0;  ///< of them, that a worker was at
  int businesses = 0;
};

/// Rebuilds an empty slot store from the call store, in the order of asking. To be called before anything else asks for
/// slots. `epoch` must grow from one recovery to the next.
[[nodiscard]] Task<Result<RecoveryReport>> recover_slots(CallStore& calls, SlotStore& slots, Businesses& businesses,
                                                         std::int64_t epoch);

/// Asks again for rows that wait in the call store and that the slot store does not know: a request whose slot store was
/// away, or a finish that was lost. Rows that back off are left until they are due. `now` is the wall clock's.
[[nodiscard]] Task<Result<RecoveryReport>> reconcile_slots(CallStore& calls, SlotStore& slots,
                                                           SlotRequests& requests, SystemTime now);

}  // namespace tapedeck

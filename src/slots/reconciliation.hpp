#pragma once

#include "slots/recovery.hpp"
#include "slots/slot_requests.hpp"

namespace tapedeck {

/// Requests slots again for rows that wait in the call store and are unknown to the slot store: the slot store was away
/// at the request, or a finish was lost. Delayed rows wait until they are due. `now` is the wall clock's.
[[nodiscard]] Task<Result<RecoveryReport>> reconcile_slots(CallStore& calls, SlotStore& slots, SlotRequests& requests,
                                                           SystemTime now);

}  // namespace tapedeck

#pragma once

#include "slots/recovery.hpp"
#include "slots/slot_requests.hpp"

namespace tapedeck {

/// Asks again for rows that wait in the call store and that the slot store does not know: a request whose slot store
/// was away, or a finish that was lost. Rows that back off are left until they are due. `now` is the wall clock's.
[[nodiscard]] Task<Result<RecoveryReport>> reconcile_slots(WaitingStore& waiting, AttemptStore& attempts,
                                                           SlotStore& slots, SlotRequests& requests, SystemTime now);

}  // namespace tapedeck

#pragma once

#include "calls/ports/call_store.hpp"
#include "slots/slot_requests.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// Requests slots for the automatic fetches of a business that wait first in the call store and are unknown to the slot
/// store, because another process wrote them down. At most as many as the slot store's window holds; its refills bring
/// the others. Returns the number of requests. `now` is the wall clock's.
[[nodiscard]] Task<Result<int>> feed_fetches(CallStore& calls, SlotStore& slots, SlotRequests& requests,
                                             BusinessId business, SystemTime now);

}  // namespace tapedeck

#pragma once

#include "calls/ports/waiting_store.hpp"
#include "slots/slot_requests.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// Asks for a slot for the automatic fetches of a business that wait first in the call store and that the slot store
/// does not know: what another process has written down. As many as the slot store's window holds; the others come by
/// its refills. Returns how many were asked for. `now` is the wall clock's.
[[nodiscard]] Task<Result<int>> feed_fetches(WaitingStore& rows, SlotStore& slots, SlotRequests& requests,
                                             BusinessId business, SystemTime now);

}  // namespace tapedeck

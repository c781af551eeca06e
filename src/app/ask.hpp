#pragma once

#include "ports/random.hpp"
#include "ports/slot_store.hpp"

namespace tapedeck {

/// Tries of one request whose answer was lost; the same operation id makes the repeat safe.
inline constexpr int kAskTries = 2;

/// Asks the slot store for a slot, or a place in the queue, for a business whose rules it knows (app/slot_requests.hpp).
/// Error kUnavailable: the slot store is away.
[[nodiscard]] Task<Result<RequestAnswer>> ask_for_slot(SlotStore& slots, Random& random, BusinessId business, Sid sid,
                                                       Lane lane);

/// Bytes of an operation id and of a lease.
inline constexpr std::size_t kOperationIdBytes = 16;

}  // namespace tapedeck

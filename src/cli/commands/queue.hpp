#pragma once

#include <optional>
#include <string>

#include "calls/ports/business_store.hpp"
#include "calls/ports/waiting_store.hpp"
#include "cli/commands/output.hpp"
#include "slots/recovery.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// Most recordings that are shown of one business.
inline constexpr int kQueueShown = 1'000;

/// Prints who holds a slot, who waits, and why: of one business, or of all that wait for anything.
[[nodiscard]] int show_queue(BusinessStore& businesses, WaitingStore& waiting, SlotStore& slots,
                             const std::optional<std::string>& business, const Output& output);
/// Rebuilds a business's slots from the call store, whatever they hold now.
[[nodiscard]] int repair_queue(SlotRecovery& recovery, const std::string& business, const Output& output);

}  // namespace tapedeck

#pragma once

#include <string_view>
#include <vector>

#include "domain/event.hpp"
#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {

// What the log says of a step of the slot protocol. Slot stores emit these in the order of their steps, under the lock
// or on the connection that orders them, so that the counts in the log never run backwards.

/// ENQUEUE or QUEUED for what is new, NEXT for others that it let in; nothing for what was known already.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const Sid& sid, const RequestAnswer& answer);
/// DONE, where the lease was held, then NEXT for each that was let in.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const Sid& sid, const FinishAnswer& answer);
/// NEXT for each.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const std::vector<Admitted>& admitted);
/// A worker was gone: its slot was taken back.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const SweepAnswer& answer);

}  // namespace tapedeck

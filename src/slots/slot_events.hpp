#pragma once

#include <string_view>
#include <vector>

#include "domain/event.hpp"
#include "slots/protocol/slot_protocol.hpp"

namespace tapedeck {

// The log lines of a step of the slot protocol. Slot stores emit them in the order of their steps, under the lock or on
// the connection that orders them, so that the counts in the log never run backwards.

/// ENQUEUE or QUEUED for a new recording, nothing for a known one; then NEXT for each of the others that it let in.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const Sid& sid, const RequestAnswer& answer);
/// DONE, if the lease was held; then NEXT for each that was let in.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const Sid& sid, const FinishAnswer& answer);
/// NEXT for each.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const std::vector<Admitted>& admitted);
/// RECLAIMED for each slot of a lost worker; then NEXT for each that was let in.
[[nodiscard]] std::vector<Event> events_of(const BusinessId& business, const SweepAnswer& answer);

}  // namespace tapedeck

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "slots/protocol/slot_protocol.hpp"
#include "slots/slot_store.hpp"

// Writes the slot protocol's questions as ARGV of the scripts. The head of each script says what its words mean. The
// client puts ARGV[1], the run_id, before these.

namespace tapedeck::redis {

/// A clock for tests, in place of the server's.
using TestClock = std::optional<SystemTime>;
/// The server's own.
inline constexpr TestClock kServerClock{};

using Words = std::vector<std::string>;

[[nodiscard]] Words request_words(const TestClock& clock, const Sid& sid, Lane lane, const OperationId& op);
[[nodiscard]] Words claim_words(const TestClock& clock, const LeaseId& lease, bool play_only);
/// `is_repeat`: the lease was sent before, and its answer was lost.
[[nodiscard]] Words claim_next_words(const TestClock& clock, const LeaseId& lease, bool play_only, bool is_repeat);
[[nodiscard]] Words renew_words(const TestClock& clock, std::span<const LeaseId> leases);
[[nodiscard]] Words finish_words(const TestClock& clock, const LeaseId& lease, const Sid& sid,
                                 const FinishOutcome& outcome);
/// `is_repeat`: both were sent before, and the answer was lost.
[[nodiscard]] Words finish_and_claim_words(const TestClock& clock, const LeaseRef& lease, const FinishOutcome& outcome,
                                           const ClaimWish& next, bool is_repeat);
[[nodiscard]] Words block_words(const TestClock& clock, std::optional<SystemTime> until, const std::string& why);
[[nodiscard]] Words unblock_words(const TestClock& clock);
[[nodiscard]] Words cancel_words(const TestClock& clock, const Sid& sid);
/// Clamps the limit to 1 .. kSlotLimitMax.
[[nodiscard]] Words set_limit_words(const TestClock& clock, int limit);
[[nodiscard]] Words sweep_words(const TestClock& clock);
[[nodiscard]] Words known_words(const TestClock& clock, std::span<const Sid> sids);
[[nodiscard]] Words refill_words(const TestClock& clock, std::int64_t refill, std::span<const Sid> sids, bool is_all);
[[nodiscard]] Words status_words(const TestClock& clock, const Sid& sid);
[[nodiscard]] Words due_words(const TestClock& clock, std::size_t most, Milliseconds look_later, Milliseconds recovery);
[[nodiscard]] Words look_soon_words(const TestClock& clock, const BusinessId& business, Milliseconds soon);
[[nodiscard]] Words look_later_words(const TestClock& clock, const BusinessId& business, std::int64_t look_later_until,
                                     std::optional<SystemTime> next_due);
[[nodiscard]] Words view_words(const TestClock& clock, std::size_t most);

/// Most recordings in one chunk of a rebuild: four words each, and Lua unpacks a few thousand at once.
inline constexpr std::size_t kRecoverChunk = 500;
/// Begins a rebuild.
[[nodiscard]] Words begin_recovery_words(const TestClock& clock, std::int64_t epoch, RecoverWhat what);
/// The chunks of a rebuild that has begun, at least one. The caller sends each after the one before it was accepted.
[[nodiscard]] std::vector<Words> recover_words(const TestClock& clock, std::int64_t epoch, int limit,
                                               const std::vector<RecoveredEntry>& entries, bool has_beyond,
                                               Milliseconds hold);

}  // namespace tapedeck::redis

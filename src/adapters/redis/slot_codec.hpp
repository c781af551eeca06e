#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/redis/reply.hpp"
#include "core/slot_protocol.hpp"
#include "ports/slot_store.hpp"

// The slot protocol's questions as ARGV of the scripts, and its answers out of their replies. What the words mean is
// said in each script's head. ARGV[1], the run_id, is put before these by whoever sends them.
//
// Replies fail with kSlotsLost when the business must be recovered, with kSlotsRebuilding while somebody is rebuilding
// it, with kCorrupt when Redis answered an error, and with kInternal when the reply has another shape than the
// script's.

namespace tapedeck::redis {

/// A clock for tests, in the place of the server's.
using TestClock = std::optional<SystemTime>;
/// The server's own.
inline constexpr TestClock kServerClock{};

using Words = std::vector<std::string>;

[[nodiscard]] Words request_words(const TestClock& clock, const Sid& sid, Lane lane, const OperationId& op);
[[nodiscard]] Words claim_words(const TestClock& clock, const LeaseId& lease, bool play_only);
[[nodiscard]] Words renew_words(const TestClock& clock, std::span<const LeaseId> leases);
[[nodiscard]] Words finish_words(const TestClock& clock, const LeaseId& lease, const Sid& sid,
                                 const FinishOutcome& outcome);
[[nodiscard]] Words block_words(const TestClock& clock, std::optional<SystemTime> until, const std::string& why);
[[nodiscard]] Words unblock_words(const TestClock& clock);
[[nodiscard]] Words cancel_words(const TestClock& clock, const Sid& sid);
/// Clamps the limit to 1 .. kSlotLimitMax.
[[nodiscard]] Words set_limit_words(const TestClock& clock, int limit);
[[nodiscard]] Words sweep_words(const TestClock& clock);
[[nodiscard]] Words known_words(const TestClock& clock, std::span<const Sid> sids);
[[nodiscard]] Words status_words(const TestClock& clock, const Sid& sid);
[[nodiscard]] Words due_words(const TestClock& clock, std::size_t most, Milliseconds put_off, Milliseconds recovery);
[[nodiscard]] Words look_soon_words(const TestClock& clock, const BusinessId& business, Milliseconds soon);
[[nodiscard]] Words put_off_words(const TestClock& clock, const BusinessId& business, std::int64_t put_off_until,
                                  std::optional<SystemTime> next_due);
[[nodiscard]] Words view_words(const TestClock& clock, std::size_t most);

/// Most recordings in one chunk of a recovery: four words each, and Lua unpacks a few thousand at once.
inline constexpr std::size_t kRecoverChunk = 500;
/// Says that a recovery begins.
[[nodiscard]] Words begin_recovery_words(const TestClock& clock, std::int64_t epoch, RecoverWhat what);
/// The chunks of a recovery that has begun, to be sent in this order, each once the one before it was accepted. At
/// least one.
[[nodiscard]] std::vector<Words> recover_words(const TestClock& clock, std::int64_t epoch, int limit,
                                               const std::vector<RecoveredEntry>& entries, Milliseconds hold);

/// Grants that wait for a worker after a step; in a Cluster the caller announces them.
struct Hints {
  bool play = false;
  bool fetch = false;
};

struct SweepReply {
  SweepAnswer answer;
  std::optional<SystemTime> next_due;  ///< none: the business is at rest
};

struct RecoverReply {
  bool accepted = false;  ///< false: a recovery of this epoch or a later one was there before
  std::vector<Admitted> admitted;
};

struct DueReply {
  bool everything_lost = false;
  std::int64_t put_off_until = 0;       ///< the score that those below have now, in ms
  std::vector<std::string> businesses;  ///< as they stand in rec_due
};

/// The hints of a reply that did not fail.
[[nodiscard]] Hints parse_hints(const Reply& reply);
/// `lane` is the one that was asked for.
[[nodiscard]] Result<RequestAnswer> parse_request(const Reply& reply, Lane lane);
[[nodiscard]] Result<std::optional<ClaimAnswer>> parse_claim(const Reply& reply);
/// Of renew and known.
[[nodiscard]] Result<std::vector<bool>> parse_flags(const Reply& reply);
[[nodiscard]] Result<FinishAnswer> parse_finish(const Reply& reply);
/// Of block, unblock and set_limit.
[[nodiscard]] Result<std::vector<Admitted>> parse_admitted(const Reply& reply);
[[nodiscard]] Result<CancelAnswer> parse_cancel(const Reply& reply);
[[nodiscard]] Result<SweepReply> parse_sweep(const Reply& reply);
[[nodiscard]] Result<SlotStatus> parse_status(const Reply& reply);
[[nodiscard]] Result<BusinessView> parse_view(const Reply& reply);
[[nodiscard]] Result<RecoverReply> parse_recover(const Reply& reply);
[[nodiscard]] Result<DueReply> parse_due(const Reply& reply);
/// Sentences on keys that hold another type than they should, of inspect.lua.
[[nodiscard]] std::vector<std::string> parse_inspection(const Reply& reply);

}  // namespace tapedeck::redis

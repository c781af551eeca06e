#pragma once

#include <optional>
#include <string>
#include <vector>

#include "redis/reply.hpp"
#include "slots/protocol/slot_protocol.hpp"
#include "slots/slot_store.hpp"

// The slot protocol's answers out of the scripts' replies. What their words mean is said in each script's head.
//
// Replies fail with kSlotsLost when the business must be recovered, with kSlotsRebuilding while somebody is rebuilding
// it, with kCorrupt when Redis answered an error, and with kInternal when the reply has another shape than the
// script's.

namespace tapedeck::redis {

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

struct NextClaimReply {
  bool is_nobodys_turn = false;
  std::string business;               ///< whose turn it was, as it stands in the hints
  bool is_lost = false;               ///< that business must be recovered, or somebody is at it
  std::optional<ClaimAnswer> answer;  ///< none: it had nothing to give after all
};

struct FinishAndClaimReply {
  FinishAnswer finished;
  NextClaimReply next;
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
/// Never fails with kSlotsLost or kSlotsRebuilding: the reply says of whom.
[[nodiscard]] Result<NextClaimReply> parse_claim_next(const Reply& reply);
[[nodiscard]] Result<std::vector<bool>> parse_renew(const Reply& reply);
[[nodiscard]] Result<KnownAnswer> parse_known(const Reply& reply);
[[nodiscard]] Result<FinishAnswer> parse_finish(const Reply& reply);
/// Fails as parse_finish() does.
[[nodiscard]] Result<FinishAndClaimReply> parse_finish_and_claim(const Reply& reply);
/// Of block, unblock, set_limit and refill.
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

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "redis/reply.hpp"
#include "slots/protocol/slot_protocol.hpp"
#include "slots/slot_store.hpp"

// Reads the slot protocol's answers out of the scripts' replies. The head of each script says what its words mean.
//
// A reply fails with kSlotsLost when the business must be rebuilt, with kSlotsRebuilding while another caller rebuilds
// it, with kCorrupt when Redis answered an error, and with kInternal when it has another shape than the script's.

namespace tapedeck::redis {

/// Lanes with grants that wait for a worker after a step. In a Cluster the caller announces them.
struct Hints {
  bool play = false;
  bool fetch = false;
};

struct SweepReply {
  SweepAnswer answer;
  std::optional<SystemTime> next_due;  ///< none: the business is at rest
};

struct RecoverReply {
  bool accepted = false;  ///< false: a rebuild of this epoch or a later one came before
  std::vector<Admitted> admitted;
};

struct NextClaimReply {
  bool is_nobodys_turn = false;
  std::string business;               ///< whose turn it was, as the hints name it
  bool is_lost = false;               ///< that business must be rebuilt, or is being rebuilt
  std::optional<ClaimAnswer> answer;  ///< none: it had nothing to give after all
};

struct FinishAndClaimReply {
  FinishAnswer finished;
  NextClaimReply next;
};

struct DueReply {
  bool everything_lost = false;
  std::int64_t look_later_until = 0;    ///< the score that the businesses below have now, in ms
  std::vector<std::string> businesses;  ///< as rec_due names them
};

/// `parse` of a reply that came, or the error of one that did not.
template <class Parse>
[[nodiscard]] auto parsed(const Result<Reply>& reply, Parse parse) -> decltype(parse(*reply)) {
  if (!reply) return fail(reply.error());
  return parse(*reply);
}

/// The hints of a reply that did not fail.
[[nodiscard]] Hints parse_hints(const Reply& reply);
/// `lane` is the one that was asked for.
[[nodiscard]] Result<RequestAnswer> parse_request(const Reply& reply, Lane lane);
[[nodiscard]] Result<std::optional<ClaimAnswer>> parse_claim(const Reply& reply);
/// Never fails with kSlotsLost or kSlotsRebuilding: the reply names the business instead.
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
[[nodiscard]] Result<QueueState> parse_view(const Reply& reply);
[[nodiscard]] Result<RecoverReply> parse_recover(const Reply& reply);
[[nodiscard]] Result<DueReply> parse_due(const Reply& reply);
/// Of inspect.lua: a sentence for each key that holds another type than it should.
[[nodiscard]] std::vector<std::string> parse_inspection(const Reply& reply);

}  // namespace tapedeck::redis

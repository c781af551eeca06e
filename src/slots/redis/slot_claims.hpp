#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "slots/redis/business_scripts.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck::redis {

/// Finds work for workers. While there is some, one script takes it, on the connection that everything goes through;
/// only a claim that finds none waits in Redis, on a connection of its own. In a Cluster every claim waits: a turn
/// first, then the claim, on two nodes. Thread-safe.
class SlotClaims {
 public:
  explicit SlotClaims(BusinessScripts& scripts) : scripts_(scripts) {}

  [[nodiscard]] Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                         Milliseconds patience, std::stop_token stop);
  /// What a script claimed along with a finish.
  [[nodiscard]] std::optional<Claim> claimed(const NextClaimReply& next, LeaseId lease);

  /// The business that a claim was sent to whose answer was lost; none: whoever's turn it was.
  using Unanswered = std::optional<BusinessId>;
  /// Remembers the lease of such a claim, for the next one with the same lease; at most kUnansweredMax.
  void note_unanswered(const LeaseId& lease, Unanswered business);
  /// Nothing: the lease is new.
  [[nodiscard]] std::optional<Unanswered> take_unanswered(const LeaseId& lease);

 private:
  struct NextClaim {
    bool is_nobodys_turn = false;
    std::optional<Claim> claim;
  };

  [[nodiscard]] Task<Result<std::optional<Turn>>> next_turn(bool play_only, Milliseconds patience,
                                                            std::stop_token stop);
  [[nodiscard]] Task<Result<std::optional<Claim>>> claim_of(BusinessId business, bool play_only, LeaseId lease);
  // Whoever's turn it is, without waiting; not in a Cluster.
  [[nodiscard]] Task<Result<NextClaim>> claim_next(std::string worker, bool play_only, LeaseId lease, bool is_repeat);
  [[nodiscard]] Task<Result<NextClaim>> claim_waiting(bool play_only, LeaseId lease, Milliseconds patience,
                                                      std::stop_token stop);

  BusinessScripts& scripts_;
  std::mutex mutex_;
  std::map<LeaseId, Unanswered> unanswered_;
};

}  // namespace tapedeck::redis

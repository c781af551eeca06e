#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "domain/event_sink.hpp"
#include "redis/client.hpp"
#include "slots/redis/keys.hpp"
#include "slots/redis/script_library.hpp"
#include "slots/redis/slot_replies.hpp"
#include "slots/redis/slot_words.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// The slot store of many processes: the slot protocol as scripts in Redis, a business at a time, each step atomic.
/// This class decides nothing; it asks, tells the log, and carries hints where a script cannot (in a Cluster, where the
/// hints live on another node than the business).
///
/// What it keeps in memory it may lose: leases whose claim's answer was lost, so that they are asked for again; and
/// businesses that were found lost, for the next sweep's report.
class RedisSlotStore final : public SlotStore {
 public:
  /// `client` and `events` must outlive it.
  RedisSlotStore(redis::Client& client, EventSink& events, bool is_cluster);

  [[nodiscard]] Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane, OperationId op) override;
  [[nodiscard]] Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                         Milliseconds patience, std::stop_token stop) override;
  [[nodiscard]] Task<Result<std::vector<bool>>> renew(std::vector<LeaseRef> leases) override;
  [[nodiscard]] Task<Result<FinishAnswer>> finish(LeaseRef lease, FinishOutcome outcome) override;
  /// In a Cluster without the claim: it would be another node's.
  [[nodiscard]] Task<Result<FinishedAndClaimed>> finish_and_claim(LeaseRef lease, FinishOutcome outcome,
                                                                  ClaimWish next) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> block(BusinessId business, std::optional<SystemTime> until,
                                                          std::string why) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> unblock(BusinessId business) override;
  [[nodiscard]] Task<Result<CancelAnswer>> cancel(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> set_limit(BusinessId business, int limit) override;
  [[nodiscard]] Task<Result<SweepReport>> sweep() override;
  [[nodiscard]] Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill,
                                                           std::vector<Sid> sids, bool is_all) override;
  [[nodiscard]] Task<Result<SlotStatus>> status(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<void>> tell_progress(std::vector<RunningDownload> downloads) override;
  [[nodiscard]] Task<Result<std::optional<Progress>>> progress_of(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<BusinessView>> view(BusinessId business, int most) override;
  [[nodiscard]] Task<Result<bool>> begin_recovery(BusinessId business, std::int64_t epoch, RecoverWhat what) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit,
                                                            Recovered recovered, Milliseconds hold) override;
  [[nodiscard]] Task<Result<void>> mark_recovered() override;
  [[nodiscard]] Task<Result<void>> ping() override;

 private:
  // A hint that was taken: whose turn it is.
  struct Turn {
    BusinessId business;
    Lane lane = Lane::kPlay;
    std::string score;
  };

  // Of whom a claim was asked whose answer was lost; nobody: of whoever's turn it was.
  using Unanswered = std::optional<BusinessId>;
  struct NextClaim {
    bool is_nobodys_turn = false;
    std::optional<Claim> claim;
  };

  // Runs a script of one business. A script that failed on what it found has the business looked through, is reported
  // with the key's name, and answers kSlotsLost.
  [[nodiscard]] Task<Result<redis::Reply>> ask(const redis::Script& script, BusinessId business,
                                               std::vector<std::string> keys, redis::Words words);
  // The same for one that may admit.
  [[nodiscard]] Task<Result<redis::Reply>> change(const redis::Script& script, BusinessId business, redis::Words words);
  [[nodiscard]] Task<Error> inspect(BusinessId business, std::string message);
  // Hints and rec_due belong to no business. Where one of these keys holds something else it is removed and reported:
  // the sweep writes it again.
  [[nodiscard]] Task<> mend_shared_keys();
  [[nodiscard]] Task<Result<std::optional<Turn>>> next_turn(bool play_only, Milliseconds patience,
                                                            std::stop_token stop);
  [[nodiscard]] Task<> put_back(Turn turn);
  [[nodiscard]] Task<Result<std::optional<Claim>>> claim_of(BusinessId business, bool play_only, LeaseId lease);
  [[nodiscard]] Task<Result<FinishedAndClaimed>> finish_alone(LeaseRef lease, FinishOutcome outcome);
  // What became of a finish, by what its script answered.
  [[nodiscard]] Result<FinishAnswer> finished(const LeaseRef& lease, Result<FinishAnswer> answer);
  [[nodiscard]] std::optional<Claim> claimed(const redis::NextClaimReply& next, LeaseId lease);
  // Whoever's turn it is, without waiting; not in a Cluster.
  [[nodiscard]] Task<Result<NextClaim>> claim_next(std::string worker, bool play_only, LeaseId lease, bool is_repeat);
  [[nodiscard]] Task<Result<NextClaim>> claim_waiting(bool play_only, LeaseId lease, Milliseconds patience,
                                                      std::stop_token stop);
  [[nodiscard]] Task<Result<void>> sweep_one(BusinessId business, std::int64_t put_off_until, SweepReport& report);
  // In a Cluster only.
  [[nodiscard]] Task<Result<void>> look_soon(BusinessId business);
  [[nodiscard]] Task<> announce(BusinessId business, redis::Hints hints);

  void emit(const std::vector<Event>& events);
  void note_lost(const BusinessId& business);
  void note_unanswered(const LeaseId& lease, std::optional<BusinessId> business);
  [[nodiscard]] std::optional<Unanswered> take_unanswered(const LeaseId& lease);

  redis::Client& client_;
  EventSink& events_;
  const redis::Keys keys_;
  const redis::ScriptLibrary scripts_;
  std::mutex mutex_;
  std::set<BusinessId> lost_;
  std::map<LeaseId, Unanswered> unanswered_;
};

}  // namespace tapedeck

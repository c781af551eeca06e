#pragma once

#include <string>
#include <vector>

#include "slots/redis/business_scripts.hpp"
#include "slots/redis/slot_claims.hpp"
#include "slots/redis/slot_sweep.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// The slot store of many processes: the slot protocol as scripts in Redis, one business at a time, each step atomic.
/// It decides nothing: it asks the scripts, and writes the log lines of what they answer.
class RedisSlotStore final : public SlotStore {
 public:
  /// `client` and `events` must outlive it.
  RedisSlotStore(redis::Client& client, EventSink& events, bool is_cluster)
      : scripts_(client, events, is_cluster), claims_(scripts_), sweep_(scripts_) {}

  [[nodiscard]] Task<Result<RequestAnswer>> request(BusinessId business, Sid sid, Lane lane, OperationId op) override;
  [[nodiscard]] Task<Result<std::optional<Claim>>> claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                         Milliseconds patience, std::stop_token stop) override {
    return claims_.claim(std::move(worker), lanes, std::move(lease), patience, std::move(stop));
  }
  [[nodiscard]] Task<Result<std::vector<bool>>> renew(std::vector<LeaseRef> leases) override;
  [[nodiscard]] Task<Result<FinishAnswer>> finish(LeaseRef lease, FinishOutcome outcome) override;
  /// In a Cluster without the claim, which another node would have to answer.
  [[nodiscard]] Task<Result<FinishedAndClaimed>> finish_and_claim(LeaseRef lease, FinishOutcome outcome,
                                                                  ClaimWish next) override;
  [[nodiscard]] Task<Result<SweepReport>> sweep() override { return sweep_.run(); }
  [[nodiscard]] Task<Result<std::vector<Admitted>>> refill(BusinessId business, std::int64_t refill,
                                                           std::vector<Sid> sids, bool is_all) override;
  [[nodiscard]] Task<Result<CancelAnswer>> cancel(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> block(BusinessId business, std::optional<SystemTime> until,
                                                          std::string why) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> unblock(BusinessId business) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> set_limit(BusinessId business, int limit) override;
  [[nodiscard]] Task<Result<KnownAnswer>> known(BusinessId business, std::vector<Sid> sids) override;
  [[nodiscard]] Task<Result<SlotStatus>> status(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<QueueState>> view(BusinessId business, int most) override;
  [[nodiscard]] Task<Result<void>> tell_progress(std::vector<RunningDownload> downloads) override;
  [[nodiscard]] Task<Result<std::optional<Progress>>> progress_of(BusinessId business, Sid sid) override;
  [[nodiscard]] Task<Result<bool>> begin_recovery(BusinessId business, std::int64_t epoch, RecoverWhat what) override;
  [[nodiscard]] Task<Result<std::vector<Admitted>>> recover(BusinessId business, std::int64_t epoch, int limit,
                                                            Recovered recovered, Milliseconds hold) override;
  [[nodiscard]] Task<Result<void>> mark_recovered() override;
  [[nodiscard]] Task<Result<void>> ping() override;

 private:
  // A script that only admits.
  [[nodiscard]] Task<Result<std::vector<Admitted>>> admit(const redis::Script& script, BusinessId business,
                                                          redis::Words words);
  [[nodiscard]] Task<Result<FinishedAndClaimed>> finish_alone(LeaseRef lease, FinishOutcome outcome);
  // The result of a finish, and its log lines, by what its script answered.
  [[nodiscard]] Result<FinishAnswer> finished(const LeaseRef& lease, Result<FinishAnswer> answer);

  redis::BusinessScripts scripts_;
  redis::SlotClaims claims_;
  redis::SlotSweep sweep_;
};

}  // namespace tapedeck

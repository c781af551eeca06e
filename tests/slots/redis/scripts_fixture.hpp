#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "slots/redis/keys.hpp"
#include "slots/redis/slot_replies.hpp"
#include "slots/redis/slot_words.hpp"
#include "tests/fakes/redis_process.hpp"
#include "tests/slots/redis/scripts_redis.hpp"

namespace tapedeck {

/// The scripts on one business of a real Redis, on a clock that the test sets.
class ScriptsTest : public ::testing::Test {
 protected:
  static constexpr Milliseconds kBegin{1'795'000'000'000};

  static Sid sid(int number) { return *Sid::parse(fmt::format("CA{:032x}", number)); }
  static std::vector<Sid> sids_of(const std::vector<Admitted>& admitted) {
    std::vector<Sid> sids;
    for (const Admitted& item : admitted) sids.push_back(item.sid);
    return sids;
  }
  template <class T>
  static Errc errc_of(const Result<T>& result) {
    return result ? Errc{} : result.error().errc();
  }

  redis::Reply run(const redis::Script& script, const redis::Words& words) {
    return redis_.run(script, keys_.of_admission(business_), words);
  }
  Result<RequestAnswer> press(int number, Lane lane = Lane::kPlay) {
    const OperationId op = fmt::format("op-{}", number);
    return redis::parse_request(run(scripts_.request, redis::request_words(now_, sid(number), lane, op)), lane);
  }
  Result<std::optional<ClaimAnswer>> claim(const LeaseId& lease, bool play_only = false) {
    return redis::parse_claim(run(scripts_.claim, redis::claim_words(now_, lease, play_only)));
  }
  Result<FinishAnswer> finish(const LeaseId& lease, int number, const FinishOutcome& outcome = {}) {
    return redis::parse_finish(run(scripts_.finish, redis::finish_words(now_, lease, sid(number), outcome)));
  }
  Result<std::vector<bool>> renew(const LeaseId& lease) {
    const std::vector<LeaseId> leases{lease};
    return redis::parse_renew(run(scripts_.renew, redis::renew_words(now_, leases)));
  }
  Result<redis::SweepReply> sweep() { return redis::parse_sweep(run(scripts_.sweep, redis::sweep_words(now_))); }
  Result<SlotStatus> status(int number) {
    return redis::parse_status(run(scripts_.status, redis::status_words(now_, sid(number))));
  }
  Result<QueueState> view() { return redis::parse_view(run(scripts_.view, redis::view_words(now_, 1'000))); }
  Result<std::vector<Admitted>> block(std::optional<SystemTime> until, const std::string& why) {
    return redis::parse_admitted(run(scripts_.block, redis::block_words(now_, until, why)));
  }
  /// Every chunk, in order; the answer of the last.
  Result<redis::RecoverReply> begin_recovery(std::int64_t epoch, RecoverWhat what = RecoverWhat::kAnything) {
    return redis::parse_recover(run(scripts_.recover, redis::begin_recovery_words(now_, epoch, what)));
  }
  Result<redis::RecoverReply> recover(std::int64_t epoch, const std::vector<RecoveredEntry>& entries = {},
                                      Milliseconds hold = {}, int limit = 3) {
    Result<redis::RecoverReply> reply = begin_recovery(epoch);
    if (!reply || !reply->accepted) return reply;
    for (const redis::Words& chunk : redis::recover_words(now_, epoch, limit, entries, false, hold)) {
      reply = redis::parse_recover(run(scripts_.recover, chunk));
    }
    return reply;
  }

  std::int64_t ttl(const std::string& key) { return redis_.number({"TTL", key}); }
  std::string inflight(int number) const { return keys_.inflight(business_, sid(number)); }
  /// Every key with its value, so that "nothing changed" can be compared.
  std::vector<std::string> everything() {
    std::vector<std::string> all = redis_.list({"KEYS", "*"});
    std::ranges::sort(all);
    for (std::string& key : all) key += " " + redis_.text({"DUMP", key});
    return all;
  }

  RedisProcess server_;
  ScriptsRedis redis_{server_.socket_path()};
  redis::SlotScripts scripts_;
  redis::Keys keys_{false};
  BusinessId business_ = *BusinessId::parse("123");
  SystemTime now_{kBegin};
};

}  // namespace tapedeck

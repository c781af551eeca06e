#pragma once

#include <atomic>
#include <future>
#include <mutex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "slots/redis/slot_store.hpp"
#include "tests/redis/client_fixture.hpp"

namespace tapedeck {

inline constexpr Milliseconds kNoPatience{1};
// Longer than any test may take: a test is about what ends a wait sooner.
inline constexpr Milliseconds kLong{60'000};

class CollectedEvents final : public EventSink {
 public:
  void emit(const Event& event) noexcept override {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(format_text(event));
  }
  [[nodiscard]] std::vector<std::string> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// Passes everything on, but loses the answer of one script, after it has run.
class LosingClient final : public redis::Client {
 public:
  explicit LosingClient(redis::Client& client) : client_(client) {}
  void lose_answer_of(std::string_view script) { lost_ = script; }

  Task<Result<redis::Reply>> command(std::string key, std::vector<std::string> words) override {
    return client_.command(std::move(key), std::move(words));
  }
  Task<Result<redis::Reply>> evaluate(const redis::Script& script, std::vector<std::string> keys,
                                      std::vector<std::string> arguments) override {
    auto reply = co_await client_.evaluate(script, std::move(keys), std::move(arguments));
    if (script.name != lost_) co_return reply;
    lost_ = {};
    co_return fail(Errc::kUnavailable, "the answer was lost");
  }
  Task<Result<redis::Reply>> wait(std::string key, std::vector<std::string> words, Milliseconds patience,
                                  std::stop_token stop) override {
    return client_.wait(std::move(key), std::move(words), patience, std::move(stop));
  }
  Task<Result<std::vector<redis::NodeReply>>> each_master(std::vector<std::string> words) override {
    return client_.each_master(std::move(words));
  }
  redis::ClientStatistics statistics() const override { return client_.statistics(); }
  std::vector<redis::ScriptTime> script_times() const override { return client_.script_times(); }

 private:
  redis::Client& client_;
  std::string_view lost_;
};

class RedisSlotStoreTest : public ::testing::Test {
 protected:
  static Sid sid(int number) { return *Sid::parse(fmt::format("CA{:032x}", number)); }
  static BusinessId business(const std::string& id) { return *BusinessId::parse(id); }

  bool rebuild(RedisSlotStore& store, const BusinessId& id, std::int64_t epoch, int limit,
               std::vector<RecoveredEntry> entries = {}) {
    const auto begun = loop_.run(store.begin_recovery(id, epoch, RecoverWhat::kAnything));
    return begun.value_or(false) &&
           loop_.run(store.recover(id, epoch, limit, {std::move(entries), false}, {})).has_value();
  }
  void recover(const BusinessId& id, std::int64_t epoch, std::vector<RecoveredEntry> entries = {}, int limit = 3) {
    ASSERT_TRUE(rebuild(store_, id, epoch, limit, std::move(entries)));
  }
  Result<RequestAnswer> press(const BusinessId& id, int number, Lane lane = Lane::kPlay) {
    return loop_.run(store_.request(id, sid(number), lane, fmt::format("op-{}", number)));
  }
  Result<std::optional<Claim>> claim(const LeaseId& lease, LaneFilter lanes = LaneFilter::kAny,
                                     Milliseconds patience = kNoPatience) {
    return loop_.run(store_.claim("worker", lanes, lease, patience, {}));
  }
  static LeaseRef lease_of(const Claim& claim) { return {claim.business, claim.sid, claim.lease}; }
  Result<FinishedAndClaimed> finish_and_claim(const Claim& claim, const LeaseId& next,
                                              const std::string& worker = "worker") {
    return loop_.run(store_.finish_and_claim(lease_of(claim), {}, {worker, LaneFilter::kAny, next}));
  }
  Result<SweepReport> sweep() { return loop_.run(store_.sweep()); }
  // Expires all leases, and makes the sweep due.
  void expire_leases(const BusinessId& id) {
    for (int i = 1; i <= 9; ++i) redis_.tell({"ZADD", "rec_active:" + id.str(), "XX", "1", sid(i).str()});
    redis_.tell({"ZADD", "rec_due", "1", id.str()});
  }
  void await_blocked() {
    wait_until("the claim's wait", [this] { return redis_.ask({"INFO", "clients"}).contains("blocked_clients:1"); });
  }

  RedisProcess redis_;
  redis::MiddleRandom random_;
  std::unique_ptr<redis::Client> client_ = redis::client_of(redis_.url(), random_);
  LosingClient losing_{*client_};
  CollectedEvents events_;
  RedisSlotStore store_{losing_, events_, false};
  redis::LoopThread loop_;
  BusinessId acme_ = business("123");
};

}  // namespace tapedeck

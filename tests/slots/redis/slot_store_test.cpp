// RedisSlotStore over a real client and a real Redis.

#include "slots/redis/slot_store.hpp"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slots/redis/slot_store_fixture.hpp"

namespace tapedeck {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(RedisSlotStoreTest, ten_presses_and_a_finish_give_the_lines_of_the_contract) {
  recover(acme_, 1);
  for (int i = 1; i <= 10; ++i) ASSERT_TRUE(press(acme_, i));
  std::vector<std::string> expected;
  for (int i = 1; i <= 3; ++i) {
    expected.push_back(fmt::format("🎧 RECORDING_ENQUEUE business_id=123 sid=CA000000... active={}/3", i));
  }
  for (int i = 1; i <= 7; ++i) {
    expected.push_back(fmt::format("⏳ RECORDING_QUEUED business_id=123 sid=CA000000... active=3/3 queue_len={}", i));
  }
  EXPECT_EQ(events_.take(), expected);

  const auto claimed = claim("lease");
  ASSERT_TRUE(claimed && *claimed);
  const auto finished = loop_.run(store_.finish({acme_, (*claimed)->sid, "lease"}, {}));
  ASSERT_TRUE(finished);
  EXPECT_THAT(events_.take(), ElementsAre("✅ RECORDING_DONE business_id=123 sid=CA000000... active=2/3",
                                          "➡️ RECORDING_NEXT business_id=123 sid=CA000000... active=3/3"));
}

TEST_F(RedisSlotStoreTest, a_request_whose_answer_was_lost_answers_as_it_would_have) {
  recover(acme_, 1);
  losing_.lose_answer_of("request");
  EXPECT_FALSE(press(acme_, 1));
  EXPECT_EQ(press(acme_, 1)->kind, RequestKind::kAcquired);
  EXPECT_EQ(redis_.ask({"SCARD", "rec_slots:123"}), "1");
}

TEST_F(RedisSlotStoreTest, a_finish_whose_answer_was_lost_releases_once) {
  recover(acme_, 1, {}, 1);
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(press(acme_, i));
  ASSERT_TRUE(*claim("lease"));
  const LeaseRef lease{acme_, sid(1), "lease"};
  losing_.lose_answer_of("finish");
  EXPECT_FALSE(loop_.run(store_.finish(lease, {})));
  const auto again = loop_.run(store_.finish(lease, {}));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->held);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(redis_.ask({"LLEN", "rec_queue:123"}), "1");
}

TEST_F(RedisSlotStoreTest, a_rebuild_whose_answer_was_lost_may_be_sent_again) {
  ASSERT_TRUE(loop_.run(store_.begin_recovery(acme_, 1, RecoverWhat::kAnything)).value_or(false));
  losing_.lose_answer_of("recover");
  std::vector<RecoveredEntry> entries{{sid(1), Lane::kPlay, false, {}, {}}};
  EXPECT_FALSE(loop_.run(store_.recover(acme_, 1, 3, {entries, false}, {})));
  EXPECT_TRUE(loop_.run(store_.recover(acme_, 1, 3, {entries, false}, {})));
  EXPECT_EQ(loop_.run(store_.status(acme_, sid(1)))->place, SlotPlace::kGranted);
}

TEST_F(RedisSlotStoreTest, leases_of_several_businesses_are_renewed_together_and_each_is_answered) {
  recover(acme_, 1);
  recover(business("b"), 1);
  ASSERT_TRUE(press(acme_, 1));
  ASSERT_TRUE(press(business("b"), 2));
  const auto one = claim("one");
  const auto two = claim("two");
  ASSERT_TRUE(one && *one && two && *two);
  std::vector<LeaseRef> leases{{(*one)->business, (*one)->sid, "one"},
                               {acme_, sid(9), "nobody's"},
                               {(*two)->business, (*two)->sid, "two"},
                               {business("never-seen"), sid(1), "nobody's"}};
  const auto renewed = loop_.run(store_.renew(leases));
  ASSERT_TRUE(renewed);
  EXPECT_THAT(*renewed, ElementsAre(true, false, true, false));
}

TEST_F(RedisSlotStoreTest, the_sweep_reclaims_and_logs_what_a_dead_worker_held) {
  recover(acme_, 1, {}, 1);
  ASSERT_TRUE(press(acme_, 1));
  ASSERT_TRUE(press(acme_, 2));
  ASSERT_TRUE(*claim("lease"));
  (void)events_.take();
  expire_leases(acme_);
  const auto report = sweep();
  ASSERT_TRUE(report);
  ASSERT_EQ(report->reclaimed.size(), 1U);
  EXPECT_EQ(report->reclaimed.front().sid, sid(1));
  EXPECT_FALSE(report->reclaimed.front().gave_up);
  ASSERT_EQ(report->admitted.size(), 1U);
  EXPECT_EQ(report->admitted.front().admitted.sid, sid(1));
  EXPECT_THAT(events_.take(), Contains(HasSubstr("RECORDING_RECLAIMED")));
  EXPECT_FALSE((*loop_.run(store_.renew({{acme_, sid(1), "lease"}}))).front());
}

TEST_F(RedisSlotStoreTest, a_lost_business_is_reported_to_the_caller_and_to_the_sweep) {
  recover(acme_, 1);
  ASSERT_TRUE(press(acme_, 1));
  ASSERT_TRUE(*claim("lease"));
  redis_.tell({"FLUSHALL"});
  EXPECT_EQ(press(acme_, 2).error().errc(), Errc::kSlotsLost);
  const auto finished = loop_.run(store_.finish({acme_, sid(1), "lease"}, {}));
  ASSERT_TRUE(finished);
  EXPECT_FALSE(finished->held);
  const auto report = sweep();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->everything_lost);
  EXPECT_THAT(report->lost, ElementsAre(acme_));
  EXPECT_THAT(sweep()->lost, IsEmpty());
}

TEST_F(RedisSlotStoreTest, a_restart_of_redis_loses_everything_until_it_is_rebuilt) {
  RedisProcess durable({"--appendonly", "yes", "--appendfsync", "always"});
  const auto client = redis::client_of(durable.url(), random_);
  RedisSlotStore store(*client, events_, false);
  ASSERT_TRUE(rebuild(store, acme_, 1, 3));
  ASSERT_TRUE(loop_.run(store.request(acme_, sid(1), Lane::kPlay, "op")));
  ASSERT_TRUE(loop_.run(store.mark_recovered()));
  EXPECT_FALSE(loop_.run(store.sweep())->everything_lost);
  durable.restart();
  Result<SweepReport> report = fail(Errc::kUnavailable, "not asked");
  wait_until("the client's return", [&] {
    report = loop_.run(store.sweep());
    return report.has_value();
  });
  EXPECT_TRUE(report->everything_lost);
  EXPECT_EQ(loop_.run(store.status(acme_, sid(1))).error().errc(), Errc::kSlotsLost);
  ASSERT_TRUE(rebuild(store, acme_, 2, 3, {{sid(1), Lane::kPlay, false, {}, {}}}));
  ASSERT_TRUE(loop_.run(store.mark_recovered()));
  EXPECT_EQ(loop_.run(store.status(acme_, sid(1)))->place, SlotPlace::kGranted);
}

class WrongTypes : public RedisSlotStoreTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(WrongTypes, a_key_of_the_wrong_type_damages_one_business_is_logged_by_name_and_goes_with_its_rebuild) {
  const std::string key = GetParam();
  recover(acme_, 1, {}, 1);
  recover(business("other"), 1);
  for (int i = 101; i <= 180; ++i) ASSERT_TRUE(press(acme_, i));  // enough for a mirror of the lane
  ASSERT_TRUE(*claim("lease"));
  redis_.tell({"DEL", key});
  redis_.tell({"SET", key, "foreign"});
  (void)events_.take();
  // One of these meets it.
  (void)press(acme_, 4);
  (void)press(acme_, 5, Lane::kFetch);
  (void)loop_.run(store_.finish({acme_, sid(101), "lease"}, {FinishKind::kRetry, std::nullopt, "it failed"}));
  redis_.tell({"ZADD", "rec_due", "1", "123"});
  ASSERT_TRUE(sweep());
  EXPECT_THAT(events_.take(), Contains(HasSubstr(key + " holds a string, not a")));
  EXPECT_EQ(press(acme_, 6).error().errc(), Errc::kSlotsLost);
  EXPECT_TRUE(press(business("other"), 7));
  recover(acme_, 2, {{sid(1), Lane::kPlay, false, {}, {}}}, 1);
  EXPECT_EQ(press(acme_, 2)->kind, RequestKind::kQueued);
}

std::string key_name(const ::testing::TestParamInfo<const char*>& key) {
  return std::string(key.param).substr(0, std::string(key.param).find(':'));
}
INSTANTIATE_TEST_SUITE_P(Keys, WrongTypes,
                         ::testing::Values("rec_conf:123", "rec_slots:123", "rec_queue:123", "rec_queued:123",
                                           "rec_order:123", "rec_fetch:123", "rec_active:123", "rec_delayed:123",
                                           "rec_why:123"),
                         key_name);

class SharedWrongTypes : public RedisSlotStoreTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(SharedWrongTypes, a_shared_key_of_the_wrong_type_is_removed_and_every_grant_finds_its_worker) {
  const std::string key = GetParam();
  for (const char* id : {"a", "b"}) recover(business(id), 1);
  redis_.tell({"DEL", key});
  redis_.tell({"SET", key, "foreign"});
  (void)events_.take();
  (void)press(business("a"), 1);
  (void)sweep();
  EXPECT_THAT(events_.take(), Contains(HasSubstr(std::string("holds a string, not a zset; it was removed"))));
  EXPECT_TRUE(press(business("b"), 2));
  EXPECT_TRUE(*claim("lease", LaneFilter::kAny, kLong));
}

INSTANTIATE_TEST_SUITE_P(Keys, SharedWrongTypes, ::testing::Values("rec_due", "rec_ready:0:play"));

TEST_F(RedisSlotStoreTest, a_hint_that_names_no_business_is_dropped) {
  recover(acme_, 1);
  redis_.tell({"ZADD", "rec_ready:0:play", "1", "no business: *"});
  ASSERT_TRUE(press(acme_, 1));
  EXPECT_TRUE(*claim("lease", LaneFilter::kAny, kLong));
}

// A store in Cluster mode: scripts touch one business alone, and the store carries the hints.
class RedisSlotStoreOfACluster : public RedisSlotStoreTest {
 protected:
  RedisSlotStore cluster_store_{losing_, events_, true};
  void SetUp() override { ASSERT_TRUE(rebuild(cluster_store_, acme_, 1, 1)); }
  Result<RequestAnswer> ask(int number, Lane lane = Lane::kPlay) {
    return loop_.run(cluster_store_.request(acme_, sid(number), lane, fmt::format("op-{}", number)));
  }
  Result<std::optional<Claim>> take(const LeaseId& lease, Milliseconds patience) {
    return loop_.run(cluster_store_.claim("worker", LaneFilter::kAny, lease, patience, {}));
  }
};

TEST_F(RedisSlotStoreOfACluster, a_waiting_claim_gets_what_is_granted_meanwhile_and_what_is_handed_over) {
  auto waiting = loop_.start(cluster_store_.claim("worker", LaneFilter::kAny, "first", kLong, {}));
  await_blocked();
  ASSERT_TRUE(ask(1));
  ASSERT_TRUE(ask(2, Lane::kFetch));
  const auto first = waiting.get();
  ASSERT_TRUE(first && *first);
  auto next = loop_.start(cluster_store_.claim("worker", LaneFilter::kAny, "second", kLong, {}));
  ASSERT_TRUE(loop_.run(cluster_store_.finish({acme_, sid(1), "first"}, {})));
  const auto second = next.get();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->sid, sid(2));
  EXPECT_EQ((*second)->lane, Lane::kFetch);
}

TEST_F(RedisSlotStoreOfACluster, a_hint_that_was_lost_with_its_worker_is_written_again_by_the_sweep) {
  ASSERT_TRUE(ask(1));
  redis_.tell({"DEL", "rec_ready:{0}:play"});
  redis_.tell({"ZADD", "rec_due", "1", "123"});
  ASSERT_TRUE(loop_.run(cluster_store_.sweep()));
  EXPECT_TRUE(*take("lease", kLong));
}

TEST_F(RedisSlotStoreOfACluster, a_caller_that_dies_after_the_grant_leaves_the_business_to_the_sweep) {
  losing_.lose_answer_of("request");
  EXPECT_FALSE(ask(1));
  EXPECT_FALSE(*take("lease", kNoPatience));
  EXPECT_NE(redis_.ask({"ZSCORE", "rec_due", "123"}), "");
  redis_.tell({"ZADD", "rec_due", "1", "123"});
  ASSERT_TRUE(loop_.run(cluster_store_.sweep()));
  EXPECT_TRUE(*take("lease", kLong));
}

TEST_F(RedisSlotStoreOfACluster, a_swept_business_is_due_when_its_lease_expires_and_not_at_rest) {
  ASSERT_TRUE(ask(1));
  ASSERT_TRUE(*take("lease", kLong));
  redis_.tell({"ZADD", "rec_due", "1", "123"});
  ASSERT_TRUE(loop_.run(cluster_store_.sweep()));
  EXPECT_EQ(redis_.ask({"ZSCORE", "rec_due", "123"}), redis_.ask({"ZSCORE", "rec_active:{123}", sid(1).str()}));
  ASSERT_TRUE(loop_.run(cluster_store_.cancel(acme_, sid(2))));
  ASSERT_TRUE(rebuild(cluster_store_, acme_, 2, 1));
  // The hold for the lease is over, and nothing is left.
  redis_.tell({"DEL", "rec_conf:{123}", "rec_active:{123}"});
  ASSERT_TRUE(rebuild(cluster_store_, acme_, 3, 1));
  redis_.tell({"ZADD", "rec_due", "1", "123"});
  ASSERT_TRUE(loop_.run(cluster_store_.sweep()));
  EXPECT_EQ(redis_.ask({"ZSCORE", "rec_due", "123"}), "");
}

TEST_F(RedisSlotStoreTest, a_thousand_simultaneous_presses_on_one_recording_give_one_slot) {
  recover(acme_, 1);
  std::vector<std::future<Result<RequestAnswer>>> answers;
  for (int i = 0; i < 1'000; ++i) {
    answers.push_back(loop_.start(store_.request(acme_, sid(1), Lane::kPlay, fmt::format("press-{}", i))));
  }
  int acquired = 0;
  int processing = 0;
  for (auto& future : answers) {
    const auto answer = future.get();
    ASSERT_TRUE(answer);
    if (answer->kind == RequestKind::kAcquired) ++acquired;
    if (answer->kind == RequestKind::kProcessing) ++processing;
  }
  EXPECT_EQ(acquired, 1);
  EXPECT_EQ(processing, 999);
}

}  // namespace
}  // namespace tapedeck

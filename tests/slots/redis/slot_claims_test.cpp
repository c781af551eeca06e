// Claims of workers, and the window of the automatic lane.

#include "slots/redis/slot_store.hpp"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slots/redis/slot_store_fixture.hpp"

namespace tapedeck {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST_F(RedisSlotStoreTest, a_waiting_claim_gets_what_is_granted_meanwhile) {
  recover(acme_, 1);
  auto waiting = loop_.start(store_.claim("worker", LaneFilter::kAny, "lease", kLong, {}));
  await_blocked();
  ASSERT_TRUE(press(acme_, 7));
  const auto claimed = waiting.get();
  ASSERT_TRUE(claimed && *claimed);
  EXPECT_EQ((*claimed)->business, acme_);
  EXPECT_EQ((*claimed)->sid, sid(7));
  EXPECT_EQ((*claimed)->lane, Lane::kPlay);
}

TEST_F(RedisSlotStoreTest, a_stop_ends_a_waiting_claim) {
  std::stop_source stop;
  auto waiting = loop_.start(store_.claim("worker", LaneFilter::kAny, "lease", kLong, stop.get_token()));
  await_blocked();
  stop.request_stop();
  const auto claimed = waiting.get();
  ASSERT_TRUE(claimed);
  EXPECT_FALSE(*claimed);
}

TEST_F(RedisSlotStoreTest, a_stop_that_meets_a_hint_puts_it_back) {
  recover(acme_, 1);
  ASSERT_TRUE(press(acme_, 1));
  std::stop_source stop;
  stop.request_stop();
  const auto claimed = loop_.run(store_.claim("worker", LaneFilter::kAny, "lease", kLong, stop.get_token()));
  ASSERT_TRUE(claimed);
  EXPECT_FALSE(*claimed);
  const auto next = claim("other");
  ASSERT_TRUE(next && *next);
}

TEST_F(RedisSlotStoreTest, a_claim_for_presses_leaves_automatic_fetches) {
  recover(acme_, 1);
  ASSERT_TRUE(press(acme_, 1, Lane::kFetch));
  const auto none = claim("a", LaneFilter::kPlayOnly);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  const auto any = claim("b");
  ASSERT_TRUE(any && *any);
  EXPECT_EQ((*any)->lane, Lane::kFetch);
}

TEST_F(RedisSlotStoreTest, claims_go_round_the_businesses_presses_first) {
  const BusinessId first = business("a");
  const BusinessId second = business("b");
  recover(first, 1);
  recover(second, 1);
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(press(first, i, Lane::kFetch));
  for (int i = 3; i <= 4; ++i) ASSERT_TRUE(press(second, i, Lane::kFetch));
  ASSERT_TRUE(press(second, 5));
  std::vector<std::string> turns;
  for (int i = 0; i < 5; ++i) {
    const auto claimed = claim(fmt::format("lease-{}", i));
    ASSERT_TRUE(claimed && *claimed);
    turns.push_back((*claimed)->business.str() + std::string(lane_name((*claimed)->lane)));
  }
  EXPECT_THAT(turns, ElementsAre("bplay", "afetch", "bfetch", "afetch", "bfetch"));
}

TEST_F(RedisSlotStoreTest, a_claim_whose_answer_was_lost_gives_the_same_again) {
  recover(acme_, 1);
  ASSERT_TRUE(press(acme_, 1));
  losing_.lose_answer_of("claim_next");
  EXPECT_EQ(claim("lease").error().errc(), Errc::kUnavailable);
  // There is no hint any more: only the lease's id leads back.
  const auto again = claim("lease");
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->business, acme_);
  EXPECT_EQ((*again)->sid, sid(1));
  EXPECT_FALSE(*claim("other"));
}

TEST_F(RedisSlotStoreTest, a_claim_that_waited_and_whose_answer_was_lost_gives_the_same_again) {
  recover(acme_, 1);
  losing_.lose_answer_of("claim");
  auto waiting = loop_.start(store_.claim("worker", LaneFilter::kAny, "lease", kLong, {}));
  wait_until("the claim's wait", [this] { return redis_.ask({"INFO", "clients"}).contains("blocked_clients:1"); });
  ASSERT_TRUE(press(acme_, 1));
  EXPECT_EQ(waiting.get().error().errc(), Errc::kUnavailable);
  const auto again = claim("lease");
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->sid, sid(1));
}

TEST_F(RedisSlotStoreTest, a_lost_answer_that_was_nobodys_turn_lets_the_same_lease_serve_the_next_claim) {
  recover(acme_, 1);
  losing_.lose_answer_of("claim_next");
  EXPECT_EQ(claim("lease").error().errc(), Errc::kUnavailable);
  ASSERT_TRUE(press(acme_, 1));
  const auto again = claim("lease");
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->sid, sid(1));
}

TEST_F(RedisSlotStoreTest, a_finish_also_claims_what_is_next_in_turn) {
  const BusinessId other = business("other");
  recover(acme_, 1, {}, 1);
  recover(other, 1);
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(press(acme_, i));
  const auto first = claim("a");
  ASSERT_TRUE(first && *first);
  ASSERT_TRUE(press(other, 3));
  const auto both = finish_and_claim(**first, "b");
  ASSERT_TRUE(both && both->claim);
  EXPECT_TRUE(both->finished.held);
  EXPECT_THAT(both->finished.admitted, SizeIs(1));
  EXPECT_EQ(both->claim->business, other);
  EXPECT_EQ(both->claim->sid, sid(3));
  // The free slot went to the next recording of its own business, which waits for its turn.
  const auto next = claim("c");
  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->sid, sid(2));
}

TEST_F(RedisSlotStoreTest, a_finish_claims_nothing_where_nothing_waits) {
  recover(acme_, 1);
  ASSERT_TRUE(press(acme_, 1));
  const auto first = claim("a");
  ASSERT_TRUE(first && *first);
  const auto both = finish_and_claim(**first, "b");
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->finished.held);
  EXPECT_FALSE(both->claim);
}

TEST_F(RedisSlotStoreTest, a_finish_and_claim_whose_answer_was_lost_gives_the_same_again) {
  recover(acme_, 1, {}, 1);
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(press(acme_, i));
  const auto first = claim("a");
  ASSERT_TRUE(first && *first);
  losing_.lose_answer_of("finish_and_claim");
  EXPECT_EQ(finish_and_claim(**first, "b").error().errc(), Errc::kUnavailable);
  const auto again = finish_and_claim(**first, "b");
  ASSERT_TRUE(again && again->claim);
  EXPECT_TRUE(again->finished.held);
  EXPECT_TRUE(again->finished.repeated);
  EXPECT_EQ(again->claim->sid, sid(2));
  EXPECT_EQ(redis_.ask({"SCARD", "rec_slots:123"}), "1");
}

TEST_F(RedisSlotStoreTest, each_place_of_a_worker_gets_its_lost_answer_again) {
  recover(acme_, 1, {}, 2);
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(press(acme_, i));
  const auto first = claim("a");
  const auto second = claim("b");
  ASSERT_TRUE(first && *first && second && *second);
  losing_.lose_answer_of("finish_and_claim");
  EXPECT_FALSE(finish_and_claim(**first, "c", "worker:0"));
  losing_.lose_answer_of("finish_and_claim");
  EXPECT_FALSE(finish_and_claim(**second, "d", "worker:1"));
  const auto third = finish_and_claim(**first, "c", "worker:0");
  const auto fourth = finish_and_claim(**second, "d", "worker:1");
  ASSERT_TRUE(third && third->claim && fourth && fourth->claim);
  EXPECT_EQ(third->claim->sid, sid(3));
  EXPECT_EQ(fourth->claim->sid, sid(4));
}

TEST_F(RedisSlotStoreTest, a_claim_alone_gets_the_answer_of_a_lost_finish_and_claim) {
  recover(acme_, 1, {}, 1);
  for (int i = 1; i <= 2; ++i) ASSERT_TRUE(press(acme_, i));
  const auto first = claim("a");
  ASSERT_TRUE(first && *first);
  losing_.lose_answer_of("finish_and_claim");
  EXPECT_FALSE(finish_and_claim(**first, "b"));
  const auto taken = claim("b");
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ((*taken)->sid, sid(2));
}

TEST_F(RedisSlotStoreTest, a_finish_of_a_business_that_redis_forgot_claims_nothing) {
  const BusinessId other = business("other");
  recover(acme_, 1);
  recover(other, 1);
  ASSERT_TRUE(press(acme_, 1));
  const auto first = claim("a");
  ASSERT_TRUE(first && *first);
  ASSERT_TRUE(press(other, 2));
  redis_.tell({"DEL", "rec_conf:123"});
  const auto both = finish_and_claim(**first, "b");
  ASSERT_TRUE(both);
  EXPECT_FALSE(both->finished.held);
  EXPECT_FALSE(both->claim);
  EXPECT_THAT(sweep()->lost, Contains(acme_));
  EXPECT_TRUE(*claim("c"));
}

TEST_F(RedisSlotStoreTest, a_finish_succeeds_although_the_next_business_in_turn_is_damaged) {
  const BusinessId other = business("other");
  recover(acme_, 1);
  recover(other, 1);
  ASSERT_TRUE(press(acme_, 1));
  const auto first = claim("a");
  ASSERT_TRUE(first && *first);
  ASSERT_TRUE(press(other, 2));
  redis_.tell({"SET", "rec_active:other", "somebody's text"});
  const auto both = finish_and_claim(**first, "b");
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->finished.held);
  EXPECT_FALSE(both->claim);
  EXPECT_EQ(redis_.ask({"SCARD", "rec_slots:123"}), "0");
}

TEST_F(RedisSlotStoreTest, a_window_of_automatic_fetches_waits_in_redis_and_is_refilled) {
  recover(acme_, 1);
  const int window = store_.fetch_window();
  for (int i = 1; i <= window + 3; ++i) ASSERT_NE(press(acme_, i, Lane::kFetch)->kind, RequestKind::kBeyond);
  EXPECT_EQ(press(acme_, window + 4, Lane::kFetch)->kind, RequestKind::kBeyond);
  EXPECT_EQ(redis_.ask({"ZCARD", "rec_fetch:123"}), std::to_string(window));
  EXPECT_TRUE(loop_.run(store_.view(acme_, 1))->has_beyond);
  for (int i = 0; i < window / 2; ++i) {
    const auto claimed = claim(fmt::format("lease-{}", i));
    ASSERT_TRUE(claimed && *claimed);
    ASSERT_TRUE(loop_.run(store_.finish({acme_, (*claimed)->sid, (*claimed)->lease}, {})));
  }
  const auto swept = loop_.run(store_.sweep());
  ASSERT_TRUE(swept);
  ASSERT_EQ(swept->refills.size(), 1U);
  ASSERT_TRUE(loop_.run(store_.refill(acme_, swept->refills.front().refill, {sid(window + 4)}, true)));
  EXPECT_EQ(loop_.run(store_.status(acme_, sid(window + 4)))->position, window / 2 + 1);
  EXPECT_EQ(press(acme_, window + 5, Lane::kFetch)->kind, RequestKind::kQueued);
}

TEST_F(RedisSlotStoreTest, a_hint_that_is_no_business_id_is_passed_over) {
  recover(acme_, 1);
  (void)redis_.ask({"ZADD", "rec_ready:0:play", "1", "not a business"});
  ASSERT_TRUE(press(acme_, 1));
  const auto claimed = claim("lease", LaneFilter::kAny, kLong);
  ASSERT_TRUE(claimed && *claimed);
  EXPECT_EQ((*claimed)->business, acme_);
}

}  // namespace
}  // namespace tapedeck

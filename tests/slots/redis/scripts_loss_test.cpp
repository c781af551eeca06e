// The answers of a business that Redis has lost, and its rebuild.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slots/redis/scripts_fixture.hpp"

namespace tapedeck {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ScriptsLoss : public ScriptsTest {
 protected:
  void SetUp() override { ASSERT_TRUE(recover(1)->accepted); }
  void pass(Milliseconds time) { now_ += time; }
};

TEST_F(ScriptsLoss, a_business_without_its_memory_answers_lost_and_changes_nothing) {
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(press(i));
  ASSERT_TRUE(claim("a"));
  (void)redis_.command({"DEL", "rec_conf:123"});
  const auto before = everything();
  EXPECT_EQ(errc_of(press(9)), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(claim("b")), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(renew("a")), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(finish("a", 1)), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(sweep()), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(status(1)), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(view()), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(redis::parse_cancel(run(scripts_.cancel, redis::cancel_words(now_, sid(4))))), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(redis::parse_admitted(run(scripts_.set_limit, redis::set_limit_words(now_, 5)))), Errc::kSlotsLost);
  EXPECT_EQ(everything(), before);
}

TEST_F(ScriptsLoss, a_business_of_another_run_of_the_server_is_lost) {
  ASSERT_TRUE(press(1));
  const auto before = everything();
  redis_.pretend_run_id(std::string(40, 'f'));
  EXPECT_EQ(errc_of(press(1)), Errc::kSlotsLost);
  EXPECT_EQ(everything(), before);
  ASSERT_TRUE(recover(2)->accepted);
  EXPECT_EQ(press(1)->kind, RequestKind::kAcquired);
}

TEST_F(ScriptsLoss, a_rebuild_holds_for_the_leases_that_it_ends) {
  ASSERT_TRUE(press(1));
  ASSERT_TRUE(claim("a"));
  pass(Seconds{5});
  EXPECT_THAT(recover(2, {{sid(1), Lane::kPlay, false, std::nullopt, ""}})->admitted, IsEmpty());
  EXPECT_EQ(status(1)->why, "downloads from before a restart may still be open at the provider");
  pass(Seconds{10} - Milliseconds{1});
  EXPECT_THAT(sweep()->answer.admitted, IsEmpty());
  pass(Milliseconds{1});
  EXPECT_THAT(sids_of(sweep()->answer.admitted), ElementsAre(sid(1)));
}

TEST_F(ScriptsLoss, a_rebuild_in_chunks_keeps_the_order_and_may_send_each_chunk_again) {
  std::vector<RecoveredEntry> entries;
  for (int i = 1; i <= 1'200; ++i) {
    entries.push_back({sid(i), i % 2 == 0 ? Lane::kFetch : Lane::kPlay, i == 1'001, std::nullopt, ""});
  }
  const auto chunks = redis::recover_words(now_, 2, 3, entries, false, {});
  ASSERT_EQ(chunks.size(), 3U);
  ASSERT_TRUE(begin_recovery(2)->accepted);
  EXPECT_TRUE(begin_recovery(2)->accepted);
  for (const redis::Words& chunk : chunks) {
    (void)run(scripts_.recover, chunk);
    const auto again = redis::parse_recover(run(scripts_.recover, chunk));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->accepted, &chunk != &chunks.back());  // everything was there already
  }
  // The interrupted one comes first.
  EXPECT_THAT(redis_.list({"SMEMBERS", "rec_slots:123"}),
              UnorderedElementsAre(sid(1'001).str(), sid(1).str(), sid(3).str()));
  EXPECT_EQ(redis_.number({"LLEN", "rec_queue:123"}), 600 - 3);
  EXPECT_EQ(redis_.number({"ZCARD", "rec_fetch:123"}), 600);
  EXPECT_THAT(redis_.list({"LRANGE", "rec_queue:123", "-1", "-1"}), ElementsAre(sid(1'199).str()));
  EXPECT_EQ(status(1'199)->position, 597);
}

TEST_F(ScriptsLoss, a_rebuild_makes_other_callers_wait_and_then_rebuild_themselves) {
  std::vector<RecoveredEntry> entries;
  for (int i = 1; i <= 600; ++i) entries.push_back({sid(i), Lane::kPlay, false, std::nullopt, ""});
  const auto chunks = redis::recover_words(now_, 2, 3, entries, false, {});
  ASSERT_TRUE(begin_recovery(2)->accepted);
  (void)run(scripts_.recover, chunks.front());
  EXPECT_EQ(errc_of(begin_recovery(3)), Errc::kSlotsRebuilding);
  const auto meanwhile = press(9);
  EXPECT_EQ(errc_of(meanwhile), Errc::kSlotsRebuilding);
  EXPECT_TRUE(meanwhile.error().retry_after);
  pass(Seconds{2});
  EXPECT_EQ(errc_of(press(9)), Errc::kSlotsLost);
  // Another caller rebuilds it; the first one comes too late.
  ASSERT_TRUE(recover(3, entries)->accepted);
  EXPECT_FALSE(redis::parse_recover(run(scripts_.recover, chunks.back()))->accepted);
  EXPECT_EQ(redis_.number({"LLEN", "rec_queue:123"}), 597);
}

TEST_F(ScriptsLoss, a_chunk_without_the_one_before_it_is_refused) {
  std::vector<RecoveredEntry> entries;
  for (int i = 1; i <= 600; ++i) entries.push_back({sid(i), Lane::kPlay, false, std::nullopt, ""});
  const auto chunks = redis::recover_words(now_, 2, 3, entries, false, {});
  ASSERT_TRUE(begin_recovery(2)->accepted);
  (void)run(scripts_.recover, chunks.front());
  (void)redis_.command({"FLUSHALL"});
  EXPECT_EQ(errc_of(redis::parse_recover(run(scripts_.recover, chunks.back()))), Errc::kSlotsLost);
}

TEST_F(ScriptsLoss, rows_from_before_a_loss_do_not_mend_it) {
  const std::vector<RecoveredEntry> entries{{sid(1), Lane::kPlay, false, std::nullopt, ""}};
  const auto chunk = redis::recover_words(now_, 2, 3, entries, false, {}).front();
  ASSERT_TRUE(begin_recovery(2)->accepted);
  redis_.pretend_run_id(std::string(40, 'f'));  // an old file came back, in which the mark stands
  EXPECT_EQ(errc_of(redis::parse_recover(run(scripts_.recover, chunk))), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(press(9)), Errc::kSlotsLost);
  ASSERT_TRUE(begin_recovery(3)->accepted);
  EXPECT_FALSE(redis::parse_recover(run(scripts_.recover, chunk))->accepted);
}

TEST_F(ScriptsLoss, a_business_does_not_change_between_the_beginning_of_its_rebuild_and_its_rows) {
  ASSERT_TRUE(press(1));
  ASSERT_TRUE(begin_recovery(2)->accepted);
  EXPECT_EQ(errc_of(press(2)), Errc::kSlotsRebuilding);
  EXPECT_EQ(errc_of(claim("a")), Errc::kSlotsRebuilding);
  EXPECT_EQ(redis_.number({"EXISTS", "rec_slots:123", "rec_queue:123"}), 0);
}

TEST_F(ScriptsLoss, a_rebuild_of_lost_businesses_leaves_a_whole_one_alone) {
  ASSERT_TRUE(press(1));
  ASSERT_TRUE(claim("a"));
  const auto before = everything();
  EXPECT_FALSE(begin_recovery(2, RecoverWhat::kOnlyLost)->accepted);
  EXPECT_EQ(everything(), before);
  (void)redis_.command({"DEL", "rec_conf:123"});
  EXPECT_TRUE(begin_recovery(2, RecoverWhat::kOnlyLost)->accepted);
}

TEST_F(ScriptsLoss, an_older_epoch_is_refused) {
  ASSERT_TRUE(recover(5)->accepted);
  ASSERT_TRUE(press(1));
  EXPECT_FALSE(recover(5)->accepted);
  EXPECT_FALSE(recover(4)->accepted);
  EXPECT_EQ(status(1)->place, SlotPlace::kGranted);
}

TEST_F(ScriptsLoss, a_block_of_a_lost_business_survives_its_rebuild) {
  (void)redis_.command({"FLUSHALL"});
  ASSERT_TRUE(block(std::nullopt, "paused by the operator"));
  EXPECT_EQ(errc_of(press(1)), Errc::kSlotsLost);
  EXPECT_THAT(recover(2, {{sid(1), Lane::kPlay, false, std::nullopt, ""}})->admitted, IsEmpty());
  EXPECT_EQ(status(1)->why, "paused by the operator");
  EXPECT_EQ(ttl("rec_conf:123"), -1);
}

TEST_F(ScriptsLoss, a_block_that_was_ended_while_the_business_was_lost_does_not_come_back) {
  (void)redis_.command({"FLUSHALL"});
  ASSERT_TRUE(block(std::nullopt, "paused"));
  ASSERT_TRUE(redis::parse_admitted(run(scripts_.unblock, redis::unblock_words(now_))));
  EXPECT_THAT(sids_of(recover(2, {{sid(1), Lane::kPlay, false, std::nullopt, ""}})->admitted), ElementsAre(sid(1)));
}

TEST_F(ScriptsLoss, a_block_of_another_run_of_the_server_is_forgotten) {
  ASSERT_TRUE(block(std::nullopt, "paused"));
  redis_.pretend_run_id(std::string(40, 'f'));
  EXPECT_THAT(sids_of(recover(2, {{sid(1), Lane::kPlay, false, std::nullopt, ""}})->admitted), ElementsAre(sid(1)));
}

}  // namespace
}  // namespace tapedeck

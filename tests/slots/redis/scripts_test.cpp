// The scripts beyond the pure protocol: the documented keys and their times, the writes of other programs, the hints,
// and the sweep's table.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/slots/redis/scripts_fixture.hpp"

namespace tapedeck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Scripts : public ScriptsTest {
 protected:
  void SetUp() override { ASSERT_TRUE(recover(1)->accepted); }
  void pass(Milliseconds time) { now_ += time; }
};

// The documented keys.

TEST_F(Scripts, ten_presses_are_seen_with_redis_cli_as_three_slots_and_a_queue_of_seven) {
  for (int i = 1; i <= 10; ++i) ASSERT_TRUE(press(i));
  EXPECT_THAT(redis_.list({"SMEMBERS", "rec_slots:123"}),
              UnorderedElementsAre(sid(1).str(), sid(2).str(), sid(3).str()));
  EXPECT_THAT(redis_.list({"LRANGE", "rec_queue:123", "0", "2"}),
              ElementsAre(sid(4).str(), sid(5).str(), sid(6).str()));
  EXPECT_EQ(redis_.number({"LLEN", "rec_queue:123"}), 7);
  EXPECT_EQ(redis_.number({"SCARD", "rec_queued:123"}), 7);
  EXPECT_EQ(redis_.text({"GET", "rec_inflight:123:" + sid(1).str()}), "processing");
  EXPECT_EQ(redis_.text({"GET", "rec_inflight:123:" + sid(4).str()}), "");
  EXPECT_EQ(redis_.text({"TYPE", "rec_slots:123"}), "set");
  EXPECT_EQ(redis_.text({"TYPE", "rec_queue:123"}), "list");
}

TEST_F(Scripts, a_dedup_lock_lives_120_seconds_and_is_written_again_by_each_renewal) {
  ASSERT_TRUE(press(1));
  EXPECT_GT(ttl(inflight(1)), 110);
  EXPECT_LE(ttl(inflight(1)), 120);
  ASSERT_TRUE(claim("a"));
  (void)redis_.command({"EXPIRE", inflight(1), "5"});
  ASSERT_THAT(*renew("a"), ElementsAre(true));
  EXPECT_GT(ttl(inflight(1)), 110);
}

TEST_F(Scripts, the_sweep_keeps_the_lock_of_a_grant_that_no_worker_took) {
  ASSERT_TRUE(press(1));
  (void)redis_.command({"EXPIRE", inflight(1), "5"});
  ASSERT_TRUE(sweep());
  EXPECT_GT(ttl(inflight(1)), 110);
}

TEST_F(Scripts, the_set_of_the_queued_lives_20_minutes_and_never_dies_before_its_list) {
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(press(i));
  EXPECT_GT(ttl("rec_queued:123"), 1'190);
  EXPECT_LE(ttl("rec_queued:123"), 1'200);
  (void)redis_.command({"EXPIRE", "rec_queued:123", "5"});
  const auto swept = sweep();
  EXPECT_GT(ttl("rec_queued:123"), 1'190);
  // The next sweep is due in time, whatever else happens.
  ASSERT_TRUE(swept->next_due);
  EXPECT_LT(*swept->next_due, now_ + Seconds{1'200});
}

TEST_F(Scripts, a_paused_business_is_swept_before_its_set_of_the_queued_dies) {
  ASSERT_TRUE(block(std::nullopt, "paused"));
  ASSERT_TRUE(press(1));
  const auto swept = sweep();
  ASSERT_TRUE(swept->next_due);
  EXPECT_LT(*swept->next_due, now_ + Seconds{1'200});
}

TEST_F(Scripts, the_list_and_the_set_are_without_braces_outside_a_cluster_and_with_them_inside) {
  EXPECT_EQ(keys_.inflight(business_, sid(1)), "rec_inflight:123:" + sid(1).str());
  const redis::Keys of_cluster{true};
  EXPECT_EQ(of_cluster.slots(business_), "rec_slots:{123}");
  EXPECT_EQ(of_cluster.inflight(business_, sid(1)), "rec_inflight:{123}:" + sid(1).str());
  EXPECT_THAT(of_cluster.of_admission(business_), ElementsAre("rec_conf:{123}"));
}

TEST_F(Scripts, every_key_of_a_business_shares_its_tag_in_a_cluster_and_the_answer_says_what_to_announce) {
  const redis::Keys of_cluster{true};
  const auto ask = [&](const redis::Script& script, const redis::Words& words) {
    return redis_.run(script, of_cluster.of_admission(business_), words);
  };
  (void)redis_.command({"FLUSHALL"});
  (void)ask(scripts_.recover, redis::begin_recovery_words(now_, 1, RecoverWhat::kAnything));
  (void)ask(scripts_.recover, redis::recover_words(now_, 1, 1, {}, false, {}).front());
  const redis::Reply granted = ask(scripts_.request, redis::request_words(now_, sid(1), Lane::kFetch, "a"));
  EXPECT_TRUE(redis::parse_hints(granted).fetch);
  EXPECT_FALSE(redis::parse_hints(granted).play);
  (void)ask(scripts_.request, redis::request_words(now_, sid(2), Lane::kPlay, "b"));
  (void)ask(scripts_.claim, redis::claim_words(now_, "lease", false));
  for (const std::string& key : redis_.list({"KEYS", "*"})) EXPECT_THAT(key, HasSubstr(":{123}"));
}

// Other programs.

TEST_F(Scripts, a_slot_of_a_foreign_program_counts_until_its_lock_expires) {
  (void)redis_.command({"SADD", "rec_slots:123", sid(90).str(), sid(91).str()});
  (void)redis_.command({"SET", inflight(90), "processing", "EX", "100"});
  (void)redis_.command({"SET", inflight(91), "processing", "EX", "100"});
  EXPECT_EQ(press(1)->kind, RequestKind::kAcquired);
  EXPECT_EQ(press(2)->kind, RequestKind::kQueued);
  EXPECT_EQ(status(2)->why, "3 of 3 downloads of this business are running");
  const auto while_held = sweep();
  EXPECT_THAT(while_held->answer.admitted, IsEmpty());
  // The next sweep is due soon, because a lock can expire at any moment.
  EXPECT_LE(*while_held->next_due, now_ + Seconds{2});
  (void)redis_.command({"DEL", inflight(90)});
  EXPECT_THAT(sids_of(sweep()->answer.admitted), ElementsAre(sid(2)));
  EXPECT_EQ(redis_.number({"SISMEMBER", "rec_slots:123", sid(90).str()}), 0);
}

TEST_F(Scripts, a_press_on_what_a_foreign_program_runs_is_processing_and_starts_nothing) {
  (void)redis_.command({"SET", inflight(7), "processing", "EX", "100"});
  EXPECT_EQ(press(7)->kind, RequestKind::kProcessing);
  EXPECT_EQ(redis_.number({"SCARD", "rec_slots:123"}), 0);
  (void)redis_.command({"DEL", inflight(7)});
  EXPECT_EQ(press(7)->kind, RequestKind::kAcquired);
}

TEST_F(Scripts, slots_of_a_foreign_program_are_shown_to_people) {
  (void)redis_.command({"SADD", "rec_slots:123", sid(90).str()});
  const auto seen = view();
  ASSERT_EQ(seen->items.size(), 1U);
  EXPECT_EQ(seen->items.front().sid, sid(90));
  EXPECT_EQ(seen->items.front().status.why, "held by another program that uses the same keys");
}

TEST_F(Scripts, a_recording_is_known_while_it_has_a_slot_waits_or_is_delayed) {
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(press(i));
  const std::vector<Sid> sids{sid(1), sid(9), sid(5)};
  const auto known = redis::parse_known(run(scripts_.known, redis::known_words(now_, sids)));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->known, (std::vector<bool>{true, false, true}));
  EXPECT_FALSE(known->has_beyond);
  const auto none = redis::parse_known(run(scripts_.known, redis::known_words(now_, {})));
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->known.empty());
}

TEST_F(Scripts, a_rebuild_leaves_slots_of_foreign_programs_and_frees_ours) {
  (void)redis_.command({"SADD", "rec_slots:123", sid(90).str(), sid(91).str()});
  (void)redis_.command({"SET", inflight(90), "processing", "EX", "100"});
  ASSERT_TRUE(press(1));
  ASSERT_TRUE(recover(2)->accepted);
  EXPECT_THAT(redis_.list({"SMEMBERS", "rec_slots:123"}), ElementsAre(sid(90).str()));
  EXPECT_EQ(redis_.number({"EXISTS", inflight(1)}), 0);
}

struct ForeignWrite {
  const char* name;
  std::vector<std::string> command;
};

class ForeignWrites : public Scripts, public ::testing::WithParamInterface<ForeignWrite> {};

TEST_P(ForeignWrites, damage_is_found_and_the_business_answers_lost) {
  for (int i = 1; i <= 6; ++i) ASSERT_TRUE(press(i));
  ASSERT_TRUE(claim("a"));
  std::vector<std::string> command = GetParam().command;
  for (std::string& word : command) {
    if (word == "SID1") word = sid(1).str();
    if (word == "SID5") word = sid(5).str();
    if (word == "SID99") word = sid(99).str();
  }
  (void)redis_.command(command);
  const auto swept = run(scripts_.sweep, redis::sweep_words(now_));
  ASSERT_NE(swept.error(), nullptr);
  EXPECT_THAT(swept.error()->message, HasSubstr("DAMAGED rec_"));
  EXPECT_EQ(errc_of(press(50)), Errc::kSlotsLost);
  EXPECT_EQ(errc_of(claim("b")), Errc::kSlotsLost);
  ASSERT_TRUE(recover(2)->accepted);
  EXPECT_TRUE(press(50));
}

INSTANTIATE_TEST_SUITE_P(Keys, ForeignWrites,
                         ::testing::Values(ForeignWrite{"pushed", {"RPUSH", "rec_queue:123", "SID99"}},
                                           ForeignWrite{"popped", {"LPOP", "rec_queue:123"}},
                                           ForeignWrite{"dequeued", {"SREM", "rec_queued:123", "SID5"}},
                                           ForeignWrite{"list_deleted", {"DEL", "rec_queue:123"}},
                                           ForeignWrite{"set_deleted", {"DEL", "rec_queued:123"}},
                                           ForeignWrite{"slot_taken", {"SREM", "rec_slots:123", "SID1"}},
                                           ForeignWrite{"slots_deleted", {"DEL", "rec_slots:123"}}),
                         [](const auto& write) { return std::string(write.param.name); });

TEST_F(Scripts, a_long_list_that_another_program_popped_is_found_at_the_handoff_too) {
  for (int i = 1; i <= 70; ++i) ASSERT_TRUE(press(i));
  ASSERT_TRUE(claim("a"));
  (void)redis_.command({"LPOP", "rec_queue:123"});
  const auto finished = run(scripts_.finish, redis::finish_words(now_, "a", sid(1), {}));
  ASSERT_NE(finished.error(), nullptr);
  EXPECT_THAT(finished.error()->message, HasSubstr("DAMAGED rec_queue:123"));
}

TEST_F(Scripts, a_list_that_another_program_pushed_to_is_found_by_the_next_press) {
  for (int i = 1; i <= 6; ++i) ASSERT_TRUE(press(i));
  (void)redis_.command({"RPUSH", "rec_queue:123", sid(99).str()});
  const auto pressed = run(scripts_.request, redis::request_words(now_, sid(7), Lane::kPlay, "op"));
  ASSERT_NE(pressed.error(), nullptr);
  EXPECT_THAT(pressed.error()->message, HasSubstr("DAMAGED rec_queue:123"));
}

TEST_F(Scripts, a_long_play_lane_has_a_mirror_until_it_is_empty) {
  for (int i = 1; i <= 3 + 64; ++i) ASSERT_TRUE(press(i));
  EXPECT_EQ(redis_.number({"EXISTS", "rec_order:123"}), 0);
  EXPECT_EQ(press(68)->status.position, 65);
  EXPECT_EQ(redis_.number({"ZCARD", "rec_order:123"}), 65);
  EXPECT_EQ(status(40)->position, 37);
  for (int i = 1; i <= 68; ++i) {
    const LeaseId lease = fmt::format("lease-{}", i);
    ASSERT_EQ((*claim(lease))->sid, sid(i));
    ASSERT_TRUE(finish(lease, i)->held);
    ASSERT_EQ(redis_.number({"ZCARD", "rec_order:123"}), std::max(0, 65 - i));
  }
  EXPECT_EQ(press(100)->kind, RequestKind::kAcquired);
}

// Hints, the sweep's table, rest.

TEST_F(Scripts, a_grant_is_announced_once_and_again_after_the_hint_was_lost) {
  ASSERT_TRUE(press(1));
  ASSERT_TRUE(press(2));
  EXPECT_EQ(redis_.number({"ZCARD", "rec_ready:0:play"}), 1);
  EXPECT_LE(std::stoll(redis_.text({"ZSCORE", "rec_due", "123"})), (now_ + Seconds{2}).time_since_epoch().count());
  // A worker took the hint and died.
  (void)redis_.command({"DEL", "rec_ready:0:play"});
  pass(Seconds{2});
  ASSERT_TRUE(sweep());
  EXPECT_EQ(redis_.number({"ZCARD", "rec_ready:0:play"}), 1);
}

TEST_F(Scripts, a_claim_announces_what_is_left_behind_other_businesses) {
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(press(i, i == 3 ? Lane::kFetch : Lane::kPlay));
  (void)redis_.command({"ZPOPMIN", "rec_ready:0:play"});
  (void)redis_.command({"ZADD", "rec_ready:0:play", std::to_string(now_.time_since_epoch().count()), "another"});
  pass(Milliseconds{1});
  ASSERT_EQ((*claim("a", true))->sid, sid(1));
  EXPECT_THAT(redis_.list({"ZRANGE", "rec_ready:0:play", "0", "-1"}), ElementsAre("another", "123"));
  (void)redis_.command({"ZREM", "rec_ready:0:play", "123"});
  ASSERT_EQ((*claim("b", true))->sid, sid(2));
  EXPECT_THAT(redis_.list({"ZRANGE", "rec_ready:0:play", "0", "-1"}), ElementsAre("another"));
  EXPECT_FALSE(*claim("c", true));
  ASSERT_EQ((*claim("c"))->sid, sid(3));
}

TEST_F(Scripts, a_business_at_rest_is_forgotten_after_an_hour_unless_it_changes) {
  ASSERT_TRUE(press(1));
  ASSERT_TRUE(claim("a"));
  ASSERT_TRUE(finish("a", 1));
  // Until then the finish can be repeated.
  EXPECT_EQ(sweep()->next_due, now_ + kAnswerMemory);
  pass(kAnswerMemory);
  EXPECT_FALSE(sweep()->next_due);
  EXPECT_EQ(redis_.text({"ZSCORE", "rec_due", "123"}), "");
  EXPECT_GT(ttl("rec_conf:123"), 3'590);
  EXPECT_LE(ttl("rec_conf:123"), 3'600);
  ASSERT_TRUE(press(2));
  EXPECT_EQ(ttl("rec_conf:123"), -1);
  EXPECT_NE(redis_.text({"ZSCORE", "rec_due", "123"}), "");
}

TEST_F(Scripts, every_key_of_a_business_at_rest_expires) {
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(press(i));
  for (int i = 1; i <= 5; ++i) {
    const LeaseId lease = fmt::format("lease-{}", i);
    ASSERT_TRUE(*claim(lease));
    ASSERT_TRUE(finish(lease, i)->held);
  }
  pass(kAnswerMemory);
  ASSERT_TRUE(sweep());
  for (const std::string& key : redis_.list({"KEYS", "rec_*"})) {
    if (key == "rec_ready:0:play") continue;  // a hint that no worker has taken
    EXPECT_GT(ttl(key), 0) << key;
  }
}

TEST_F(Scripts, answers_to_finishes_are_remembered_for_a_minute_and_then_take_no_room) {
  constexpr int kMany = 250;
  const auto finish_many = [&] {
    for (int i = 1; i <= kMany; ++i) {
      ASSERT_TRUE(press(i));
      ASSERT_TRUE(*claim(fmt::format("lease-{}", i)));
      ASSERT_TRUE(finish(fmt::format("lease-{}", i), i)->held);
    }
  };
  const std::int64_t before = redis_.number({"HLEN", "rec_conf:123"});
  finish_many();
  EXPECT_TRUE(finish("lease-1", 1)->repeated);
  EXPECT_TRUE(finish(fmt::format("lease-{}", kMany), kMany)->repeated);
  pass(kAnswerMemory);
  ASSERT_TRUE(press(1'000));
  ASSERT_TRUE(sweep());
  EXPECT_FALSE(finish("lease-1", 1)->repeated);
  EXPECT_EQ(redis_.number({"HLEN", "rec_conf:123"}), before + 1);
}

TEST_F(Scripts, a_due_business_is_hidden_from_other_sweeps_until_it_was_swept) {
  ASSERT_TRUE(press(1));
  pass(Seconds{2});
  const auto take = [&] {
    const redis::Words words = redis::due_words(now_, 10, Seconds{2}, Seconds{30});
    return redis::parse_due(redis_.run(scripts_.due, keys_.of_upkeep(), words));
  };
  EXPECT_THAT(take()->businesses, ElementsAre("123"));
  EXPECT_THAT(take()->businesses, IsEmpty());
  pass(Seconds{2});
  EXPECT_THAT(take()->businesses, ElementsAre("123"));  // the first one died before it swept
}

TEST_F(Scripts, the_next_sweep_sees_a_change_during_a_sweep_in_a_cluster) {
  const auto run_on_due = [&](const redis::Script& script, const redis::Words& words) {
    return redis_.run(script, keys_.of_upkeep(), words);
  };
  (void)redis_.command({"ZADD", "rec_due", "1", "123"});
  const auto taken = redis::parse_due(run_on_due(scripts_.due, redis::due_words(now_, 10, Seconds{2}, Seconds{30})));
  ASSERT_THAT(taken->businesses, ElementsAre("123"));
  // The business changes after the sweep's script has run.
  (void)run_on_due(scripts_.look_soon, redis::look_soon_words(now_, business_, Seconds{2}));
  (void)run_on_due(scripts_.look_later,
                   redis::look_later_words(now_, business_, taken->look_later_until, std::nullopt));
  ASSERT_NE(redis_.text({"ZSCORE", "rec_due", "123"}), "");
  EXPECT_LE(std::stod(redis_.text({"ZSCORE", "rec_due", "123"})), static_cast<double>(taken->look_later_until));
}

TEST_F(Scripts, one_caller_at_a_time_learns_that_everything_is_lost_until_it_is_rebuilt) {
  const auto is_lost = [&] {
    const redis::Words words = redis::due_words(now_, 10, Seconds{2}, Seconds{30});
    return redis::parse_due(redis_.run(scripts_.due, keys_.of_upkeep(), words))->everything_lost;
  };
  EXPECT_TRUE(is_lost());
  EXPECT_FALSE(is_lost());
  pass(Seconds{31});
  EXPECT_TRUE(is_lost());  // the first one died
  (void)redis_.run(scripts_.recovered, keys_.of_upkeep(), {});
  pass(Seconds{31});
  EXPECT_FALSE(is_lost());
  redis_.pretend_run_id(std::string(40, 'f'));
  EXPECT_TRUE(is_lost());
  (void)redis_.run(scripts_.recovered, keys_.of_upkeep(), {});
  EXPECT_THAT(redis_.list({"ZRANGE", "rec_due", "0", "-1"}), ElementsAre("123", "@" + std::string(40, 'f')));
}

}  // namespace
}  // namespace tapedeck

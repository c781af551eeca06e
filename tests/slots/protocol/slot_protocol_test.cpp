#include "slots/protocol/slot_protocol.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tapedeck {
namespace {

const SystemTime kNow{Milliseconds{1'795'000'000'000}};

Sid sid(int number) { return *Sid::parse(fmt::format("CA{:032x}", number)); }

RequestAnswer press(BusinessSlots& slots, int number, SystemTime now = kNow) {
  return slots.request(sid(number), Lane::kPlay, fmt::format("press-{}", number), now);
}

RequestAnswer ask(BusinessSlots& slots, int number, SystemTime now = kNow) {
  return slots.request(sid(number), Lane::kFetch, fmt::format("fetch-{}", number), now);
}

FinishAnswer finish(BusinessSlots& slots, const LeaseId& lease, SystemTime now = kNow) {
  return slots.finish(lease, {}, now);
}

std::vector<Sid> sids_of(const std::vector<Admitted>& admitted) {
  std::vector<Sid> sids;
  for (const Admitted& item : admitted) sids.push_back(item.sid);
  return sids;
}

TEST(BusinessSlots, ten_presses_give_three_slots_and_seven_places) {
  BusinessSlots slots;
  for (int i = 1; i <= 3; ++i) {
    const RequestAnswer answer = press(slots, i);
    EXPECT_EQ(answer.kind, RequestKind::kAcquired);
    EXPECT_EQ(answer.status.active, i);
  }
  for (int i = 4; i <= 10; ++i) {
    const RequestAnswer answer = press(slots, i);
    EXPECT_EQ(answer.kind, RequestKind::kQueued);
    EXPECT_EQ(answer.status.active, 3);
    EXPECT_EQ(answer.status.position, i - 3);
    EXPECT_EQ(answer.lane_length, i - 3);
    EXPECT_EQ(answer.status.why, "3 of 3 downloads of this business are running");
  }
}

TEST(BusinessSlots, a_finish_hands_the_slot_to_the_next_in_the_same_step) {
  BusinessSlots slots;
  for (int i = 1; i <= 5; ++i) (void)press(slots, i);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  const FinishAnswer answer = finish(slots, "a");
  EXPECT_TRUE(answer.held);
  EXPECT_EQ(answer.active_after, 2);
  EXPECT_EQ(answer.admitted, (std::vector<Admitted>{{sid(4), Lane::kPlay, 3, 3}}));
}

TEST(BusinessSlots, a_finish_without_the_lease_changes_nothing) {
  BusinessSlots slots;
  for (int i = 1; i <= 5; ++i) (void)press(slots, i);
  const FinishAnswer answer = finish(slots, "never-claimed");
  EXPECT_FALSE(answer.held);
  EXPECT_TRUE(answer.admitted.empty());
  EXPECT_EQ(slots.active(), 3);
  EXPECT_EQ(slots.waiting(), 2);
}

TEST(BusinessSlots, a_repeated_finish_answers_as_the_first_and_releases_nothing_more) {
  BusinessSlots slots;
  for (int i = 1; i <= 5; ++i) (void)press(slots, i);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  const FinishAnswer first = finish(slots, "a");
  const FinishAnswer again = finish(slots, "a", kNow + Seconds{30});
  EXPECT_TRUE(again.held);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.active_after, first.active_after);
  EXPECT_EQ(slots.active(), 3);
  EXPECT_EQ(slots.waiting(), 1);
}

TEST(BusinessSlots, a_second_press_joins_the_first) {
  BusinessSlots slots;
  (void)press(slots, 1);
  EXPECT_EQ(slots.request(sid(1), Lane::kPlay, "other", kNow).kind, RequestKind::kProcessing);
  EXPECT_EQ(slots.active(), 1);
}

TEST(BusinessSlots, a_request_that_is_repeated_after_a_lost_answer_answers_the_same) {
  BusinessSlots slots;
  for (int i = 1; i <= 4; ++i) (void)press(slots, i);
  EXPECT_EQ(press(slots, 1).kind, RequestKind::kAcquired);
  EXPECT_EQ(press(slots, 4).kind, RequestKind::kQueued);
  EXPECT_EQ(slots.waiting(), 1);
}

TEST(BusinessSlots, a_claim_that_is_repeated_after_a_lost_answer_gives_the_same_and_renews_it) {
  BusinessSlots slots;
  for (int i = 1; i <= 2; ++i) (void)press(slots, i);
  ASSERT_EQ(slots.claim(false, "a", kNow)->sid, sid(1));
  const SystemTime late = kNow + kLeaseTtl - Milliseconds{1};
  EXPECT_EQ(slots.claim(false, "a", late)->sid, sid(1));
  EXPECT_TRUE(slots.sweep(kNow + kLeaseTtl).reclaimed.empty());
}

TEST(BusinessSlots, an_expired_lease_puts_its_recording_at_the_head_of_its_lane) {
  BusinessSlots slots(1);
  for (int i = 1; i <= 3; ++i) (void)press(slots, i);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  EXPECT_TRUE(slots.sweep(kNow + kLeaseTtl - Milliseconds{1}).reclaimed.empty());
  const SweepAnswer swept = slots.sweep(kNow + kLeaseTtl);
  EXPECT_EQ(swept.reclaimed, (std::vector<Reclaimed>{{sid(1), Lane::kPlay, false}}));
  EXPECT_EQ(sids_of(swept.admitted), std::vector<Sid>{sid(1)});
  EXPECT_FALSE(slots.renew("a", kNow + kLeaseTtl));
}

TEST(BusinessSlots, a_recording_that_kills_its_worker_again_and_again_is_given_up) {
  BusinessSlots slots(1);
  (void)press(slots, 1);
  SystemTime now = kNow;
  for (int i = 0; i <= kMaxReclaims; ++i) {
    ASSERT_TRUE(slots.claim(false, fmt::format("lease-{}", i), now));
    now += kLeaseTtl;
    const SweepAnswer swept = slots.sweep(now);
    ASSERT_EQ(swept.reclaimed.size(), 1U);
    EXPECT_EQ(swept.reclaimed.front().gave_up, i == kMaxReclaims);
  }
  EXPECT_EQ(slots.status(sid(1), now).place, SlotPlace::kNone);
}

TEST(BusinessSlots, a_retry_waits_without_a_slot_and_joins_the_tail_when_due) {
  BusinessSlots slots(1);
  for (int i = 1; i <= 3; ++i) (void)press(slots, i);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  const FinishAnswer answer =
      slots.finish("a", {FinishKind::kRetry, kNow + Seconds{5}, "the provider answered 503"}, kNow);
  EXPECT_EQ(sids_of(answer.admitted), std::vector<Sid>{sid(2)});
  const SlotStatus status = slots.status(sid(1), kNow);
  EXPECT_EQ(status.place, SlotPlace::kDelayed);
  EXPECT_EQ(status.until, kNow + Seconds{5});
  EXPECT_EQ(status.why, "the provider answered 503");
  EXPECT_EQ(status.position, 0);
  (void)slots.sweep(kNow + Seconds{5});
  EXPECT_EQ(slots.status(sid(3), kNow).position, 1);
  EXPECT_EQ(slots.status(sid(1), kNow).position, 2);
}

TEST(BusinessSlots, a_press_does_not_hurry_a_delayed_recording) {
  BusinessSlots slots;
  (void)press(slots, 1);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)slots.finish("a", {FinishKind::kRetry, kNow + Seconds{5}, "later"}, kNow);
  EXPECT_EQ(slots.request(sid(1), Lane::kPlay, "again", kNow).kind, RequestKind::kDelayed);
  EXPECT_EQ(slots.active(), 0);
}

TEST(BusinessSlots, presses_go_before_automatic_fetches) {
  BusinessSlots slots(1);
  (void)ask(slots, 1);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)ask(slots, 2);
  EXPECT_EQ(press(slots, 3).status.position, 1);
  EXPECT_EQ(sids_of(finish(slots, "a").admitted), std::vector<Sid>{sid(3)});
}

TEST(BusinessSlots, one_grant_in_eight_goes_to_a_waiting_fetch) {
  BusinessSlots slots(1);
  (void)press(slots, 1'000);
  ASSERT_TRUE(slots.claim(false, "lease-0", kNow));
  for (int i = 1; i <= 40; ++i) (void)press(slots, i);
  for (int i = 101; i <= 110; ++i) (void)ask(slots, i);
  int fetches = 0;
  for (int i = 0; i < 16; ++i) {
    const FinishAnswer answer = finish(slots, fmt::format("lease-{}", i));
    ASSERT_EQ(answer.admitted.size(), 1U);
    fetches += answer.admitted.front().lane == Lane::kFetch ? 1 : 0;
    ASSERT_TRUE(slots.claim(false, fmt::format("lease-{}", i + 1), kNow));
  }
  EXPECT_EQ(fetches, 2);
}

TEST(BusinessSlots, a_grant_to_a_fetch_that_no_worker_took_yields_to_a_press) {
  BusinessSlots slots(1);
  (void)ask(slots, 1);
  const RequestAnswer answer = press(slots, 2);
  EXPECT_EQ(answer.kind, RequestKind::kAcquired);
  EXPECT_EQ(slots.status(sid(1), kNow).place, SlotPlace::kWaiting);
  EXPECT_EQ(slots.claim(true, "a", kNow)->sid, sid(2));
}

TEST(BusinessSlots, a_press_moves_a_waiting_fetch_to_the_play_lane) {
  BusinessSlots slots(1);
  (void)press(slots, 1);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)ask(slots, 2);
  (void)ask(slots, 3);
  EXPECT_EQ(press(slots, 3).kind, RequestKind::kAlreadyQueued);
  EXPECT_EQ(slots.status(sid(3), kNow).lane, Lane::kPlay);
  EXPECT_EQ(slots.status(sid(3), kNow).position, 1);
}

TEST(BusinessSlots, a_worker_with_room_for_presses_alone_gets_no_fetch) {
  BusinessSlots slots;
  (void)ask(slots, 1);
  EXPECT_FALSE(slots.claim(true, "a", kNow));
  EXPECT_TRUE(slots.claim(false, "a", kNow));
}

TEST(BusinessSlots, a_block_sends_untaken_grants_back_and_ends_by_itself) {
  BusinessSlots slots(2);
  for (int i = 1; i <= 3; ++i) (void)press(slots, i);
  ASSERT_EQ(slots.claim(false, "a", kNow)->sid, sid(1));
  (void)slots.block(kNow + Seconds{10}, "429", kNow);
  EXPECT_EQ(slots.active(), 1);
  EXPECT_EQ(slots.status(sid(2), kNow).position, 1);
  EXPECT_EQ(slots.status(sid(2), kNow).why, "429");
  EXPECT_EQ(slots.status(sid(2), kNow).until, kNow + Seconds{10});
  EXPECT_TRUE(finish(slots, "a").admitted.empty());
  EXPECT_EQ(sids_of(slots.sweep(kNow + Seconds{10}).admitted), (std::vector<Sid>{sid(2), sid(3)}));
}

TEST(BusinessSlots, an_endless_block_outlives_one_that_ends) {
  BusinessSlots slots(1);
  (void)slots.block(std::nullopt, "paused", kNow);
  (void)slots.block(kNow + Seconds{1}, "429", kNow);
  (void)press(slots, 1, kNow + Seconds{5});
  (void)slots.sweep(kNow + Seconds{5});
  EXPECT_EQ(slots.status(sid(1), kNow + Seconds{5}).why, "paused");
  EXPECT_EQ(slots.active(), 0);
}

TEST(BusinessSlots, a_lower_limit_is_reached_without_ending_what_runs) {
  BusinessSlots slots(3);
  for (int i = 1; i <= 5; ++i) (void)press(slots, i);
  for (const char* lease : {"a", "b", "c"}) ASSERT_TRUE(slots.claim(false, lease, kNow));
  EXPECT_TRUE(slots.set_limit(1, kNow).empty());
  EXPECT_EQ(slots.active(), 3);
  EXPECT_TRUE(finish(slots, "a").admitted.empty());
  EXPECT_TRUE(finish(slots, "b").admitted.empty());
  EXPECT_EQ(sids_of(finish(slots, "c").admitted), std::vector<Sid>{sid(4)});
}

TEST(BusinessSlots, a_higher_limit_admits_at_once) {
  BusinessSlots slots(1);
  for (int i = 1; i <= 3; ++i) (void)press(slots, i);
  EXPECT_EQ(sids_of(slots.set_limit(3, kNow)), (std::vector<Sid>{sid(2), sid(3)}));
}

TEST(BusinessSlots, cancelling_a_grant_admits_the_next_and_what_runs_goes_on) {
  BusinessSlots slots(1);
  for (int i = 1; i <= 3; ++i) (void)press(slots, i);
  const CancelAnswer answer = slots.cancel(sid(1), kNow);
  EXPECT_EQ(answer.kind, CancelKind::kCancelled);
  EXPECT_EQ(sids_of(answer.admitted), std::vector<Sid>{sid(2)});
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  EXPECT_EQ(slots.cancel(sid(2), kNow).kind, CancelKind::kRunning);
  EXPECT_EQ(slots.cancel(sid(9), kNow).kind, CancelKind::kUnknown);
}

TEST(BusinessSlots, a_rebuild_puts_the_interrupted_first_and_waits_for_the_hold) {
  BusinessSlots slots;
  std::vector<RecoveredEntry> entries(4);
  for (int i = 0; i < 4; ++i) entries[static_cast<std::size_t>(i)].sid = sid(i + 1);
  entries[2].was_processing = true;
  entries[3].retry_at = kNow + Seconds{60};
  EXPECT_TRUE(slots.recover(1, 2, entries, false, kNow + Seconds{2}, kNow).empty());
  EXPECT_EQ(slots.status(sid(3), kNow).position, 1);
  EXPECT_EQ(slots.status(sid(4), kNow).place, SlotPlace::kDelayed);
  EXPECT_EQ(sids_of(slots.sweep(kNow + Seconds{2}).admitted), (std::vector<Sid>{sid(3), sid(1)}));
  EXPECT_TRUE(slots.recover(1, 2, {}, false, {}, kNow).empty());
  EXPECT_EQ(slots.active(), 2) << "an epoch that was seen before replaces nothing";
}

// Three running and a full window of two; the sixth is turned away.
BusinessSlots with_full_window() {
  BusinessSlots slots(3, 2);
  for (int i = 1; i <= 6; ++i) (void)ask(slots, i);
  return slots;
}

TEST(FetchWindow, a_full_window_turns_away_newcomers_and_every_one_after_them) {
  BusinessSlots slots = with_full_window();
  EXPECT_EQ(slots.status(sid(5), kNow).place, SlotPlace::kWaiting);
  EXPECT_EQ(slots.status(sid(6), kNow).place, SlotPlace::kNone);
  EXPECT_EQ(slots.status(sid(6), kNow).why, "2 automatic fetches of this business wait before it");
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  EXPECT_EQ(sids_of(finish(slots, "a").admitted), std::vector{sid(4)});
  EXPECT_EQ(ask(slots, 7).kind, RequestKind::kBeyond) << "there is room, but 6 stands before it";
}

TEST(FetchWindow, a_full_window_does_not_stop_presses) {
  BusinessSlots slots = with_full_window();
  const RequestAnswer answer = press(slots, 6);
  EXPECT_EQ(answer.kind, RequestKind::kAcquired) << "in the place of a fetch that no worker has";
}

TEST(FetchWindow, a_window_that_has_drained_to_its_half_is_refilled_in_order) {
  BusinessSlots slots = with_full_window();
  EXPECT_EQ(slots.sweep(kNow).refill, 0);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)finish(slots, "a");
  EXPECT_LE(slots.next_due().value_or(SystemTime::max()), kNow);
  const std::int64_t refill = slots.sweep(kNow).refill;
  ASSERT_GT(refill, 0);
  EXPECT_TRUE(slots.refill(refill, {sid(5), sid(6), sid(7)}, true, kNow).empty());
  EXPECT_EQ(slots.status(sid(6), kNow).position, 2);
  EXPECT_EQ(slots.status(sid(7), kNow).place, SlotPlace::kNone) << "two is the window";
  EXPECT_EQ(ask(slots, 8).kind, RequestKind::kBeyond) << "7 stands before it";
}

TEST(FetchWindow, a_window_takes_newcomers_again_when_the_call_store_has_no_others) {
  BusinessSlots slots = with_full_window();
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)finish(slots, "a");
  const std::int64_t refill = slots.sweep(kNow).refill;
  (void)slots.refill(refill, {sid(5), sid(6)}, true, kNow);
  ASSERT_TRUE(slots.claim(false, "b", kNow));
  (void)finish(slots, "b");
  EXPECT_EQ(ask(slots, 7).kind, RequestKind::kQueued);
}

TEST(FetchWindow, a_window_remembers_newcomers_that_it_turned_away_during_a_refill) {
  BusinessSlots slots = with_full_window();
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)finish(slots, "a");
  const std::int64_t refill = slots.sweep(kNow).refill;
  EXPECT_EQ(ask(slots, 7).kind, RequestKind::kBeyond);
  (void)slots.refill(refill, {sid(5), sid(6)}, true, kNow);
  EXPECT_TRUE(slots.has_beyond());
}

TEST(FetchWindow, a_sweep_asks_again_for_a_refill_that_does_not_come) {
  BusinessSlots slots = with_full_window();
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)finish(slots, "a");
  ASSERT_GT(slots.sweep(kNow).refill, 0);
  EXPECT_EQ(slots.next_due(), kNow + kRefillPause);
  EXPECT_GT(slots.sweep(kNow + kRefillPause).refill, 0);
}

TEST(FetchWindow, a_rebuild_that_left_some_out_has_a_full_window) {
  BusinessSlots slots(3, 2);
  std::vector<RecoveredEntry> entries(2);
  for (int i = 0; i < 2; ++i) entries[static_cast<std::size_t>(i)].sid = sid(i + 1);
  (void)slots.recover(1, 3, entries, true, {}, kNow);
  EXPECT_EQ(ask(slots, 9).kind, RequestKind::kBeyond);
  EXPECT_FALSE(slots.at_rest());
}

TEST(BusinessSlots, a_business_comes_to_rest_when_nothing_is_left_and_nothing_remembered) {
  BusinessSlots slots;
  (void)press(slots, 1);
  ASSERT_TRUE(slots.claim(false, "a", kNow));
  (void)finish(slots, "a");
  EXPECT_FALSE(slots.at_rest());
  (void)slots.sweep(kNow + kAnswerMemory);
  EXPECT_TRUE(slots.at_rest());
  EXPECT_FALSE(slots.next_due());
}

}  // namespace
}  // namespace tapedeck

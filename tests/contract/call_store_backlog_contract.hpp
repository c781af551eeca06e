#pragma once

// What waits, as metrics count it.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

inline constexpr SystemTime kLater = kNow + Seconds(60);

inline BacklogLine backlog_line(Lane lane, BacklogReason reason, std::int64_t count, SystemTime oldest = kNow) {
  return {lane, reason, count, oldest};
}

TEST_P(CallStoreContract, the_backlog_is_empty_while_nothing_was_asked_for_and_when_all_is_stored) {
  put_call(call_with_recording(1));
  (void)stored(2);
  (void)failed(3);
  EXPECT_TRUE(backlog(kLater).empty());
}

TEST_P(CallStoreContract, the_backlog_counts_by_lane_and_reason_with_the_time_of_the_oldest) {
  put_call(call_with_recording(1));
  put_call(call_with_recording(2));
  put_call(call_with_recording(3));
  want(1, Lane::kPlay, kNow + Seconds(5));
  want(2, Lane::kPlay, kNow + Seconds(7));
  want(3, Lane::kFetch);
  (void)begun(4);
  (void)backing_off(5, kLater + Seconds(1), Lane::kFetch);
  const std::vector<BacklogLine> expected{backlog_line(Lane::kPlay, BacklogReason::kRunning, 1),
                                          backlog_line(Lane::kPlay, BacklogReason::kSlot, 2, kNow + Seconds(5)),
                                          backlog_line(Lane::kFetch, BacklogReason::kSlot, 1),
                                          backlog_line(Lane::kFetch, BacklogReason::kRetry, 1)};
  EXPECT_EQ(backlog(kLater), expected);
}

TEST_P(CallStoreContract, a_delayed_recording_waits_for_a_slot_once_it_is_due) {
  (void)backing_off(1, kLater);
  EXPECT_EQ(backlog(kLater), std::vector{backlog_line(Lane::kPlay, BacklogReason::kSlot, 1)});
}

TEST_P(CallStoreContract, a_webhook_and_a_retry_by_hand_begin_a_wait) {
  announce(announcement(1), kNow + Seconds(3));
  (void)failed(2);
  retry(2, kNow + Seconds(4));
  const std::vector<BacklogLine> expected{backlog_line(Lane::kPlay, BacklogReason::kSlot, 1, kNow + Seconds(4)),
                                          backlog_line(Lane::kFetch, BacklogReason::kSlot, 1, kNow + Seconds(3))};
  EXPECT_EQ(backlog(kLater), expected);
}

TEST_P(CallStoreContract, the_backlog_tells_what_waits_because_its_business_is_paused) {
  put_call(call_with_recording(1));
  want(1);
  Business paused;
  paused.id = acme;
  paused.paused = true;
  ASSERT_TRUE(run_task(store().put_business(paused)));
  EXPECT_EQ(backlog(kLater), std::vector{backlog_line(Lane::kPlay, BacklogReason::kPaused, 1)});
}

TEST_P(CallStoreContract, the_first_fetches_of_the_automatic_lane_come_in_order) {
  for (int i = 1; i <= 4; ++i) put_call(call_with_recording(i));
  want(3, Lane::kFetch);
  want(1, Lane::kPlay);
  want(2, Lane::kFetch);
  want(4, Lane::kFetch);
  (void)begun(5, Lane::kFetch);
  (void)backing_off(6, kLater + Seconds(1), Lane::kFetch);
  (void)backing_off(7, kLater, Lane::kFetch);
  ASSERT_TRUE(run_task(store().put_call(globex, call_with_recording(8), kNow)));
  ASSERT_TRUE(run_task(store().want(globex, to_sid(call_sid(8)), Lane::kFetch, kNow)));
  const auto names = [](std::initializer_list<int> numbers) {
    std::vector<Sid> sids;
    for (const int n : numbers) sids.push_back(to_sid(call_sid(n)));
    return sids;
  };
  EXPECT_EQ(run_task(store().waiting_fetches(acme, kLater, 100)).value(), names({3, 2, 4, 7}));
  EXPECT_EQ(run_task(store().waiting_fetches(acme, kLater, 2)).value(), names({3, 2}));
}

}  // namespace tapedeck::contract

#pragma once

// Finding a recording, and what people ask for: play, retry, cancel.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

TEST_P(CallStoreContract, a_calls_first_recording_goes_by_the_calls_sid_and_the_others_by_their_own) {
  put_call(call_with_recording(1));
  CallUpdate second = call_with_recording(2);
  second.call = call_sid(1);
  put_call(second);
  EXPECT_EQ(find(to_sid(call_sid(1))).recording, recording_sid(1));
  EXPECT_EQ(find(to_sid(call_sid(1))).sid, to_sid(call_sid(1)));
  EXPECT_EQ(find(to_sid(recording_sid(2))).sid, to_sid(recording_sid(2)));
}

TEST_P(CallStoreContract, a_recording_is_found_by_its_own_sid_also_when_it_goes_by_its_calls) {
  put_call(call_with_recording(1));
  EXPECT_EQ(find(to_sid(recording_sid(1))).row_id, find(1).row_id);
  EXPECT_EQ(find(to_sid(recording_sid(1))).sid, to_sid(call_sid(1)));
}

TEST_P(CallStoreContract, a_recording_is_unknown_to_other_businesses_and_before_it_is_told) {
  put_call(call_with_recording(1));
  for (const Sid& sid : {to_sid(call_sid(1)), to_sid(recording_sid(1))}) {
    const auto found = run_task(store().find_recording(globex, sid));
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
  }
  const auto unknown = run_task(store().find_recording(acme, to_sid(call_sid(2))));
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(unknown->has_value());
}

TEST_P(CallStoreContract, a_call_without_recording_has_none_to_find) {
  CallUpdate update;
  update.call = call_sid(1);
  put_call(update);
  const auto found = run_task(store().find_recording(acme, to_sid(call_sid(1))));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST_P(CallStoreContract, a_calls_sid_stays_with_its_first_recording_when_that_is_deleted) {
  put_call(call_with_recording(1));
  remove(1);
  CallUpdate second = call_with_recording(2);
  second.call = call_sid(1);
  put_call(second);
  EXPECT_EQ(find(1).state, RecordingState::kDeleted);
  EXPECT_EQ(find(1).recording, recording_sid(1));
  EXPECT_EQ(find(to_sid(recording_sid(2))).sid, to_sid(recording_sid(2)));
}

TEST_P(CallStoreContract, a_press_on_a_remote_recording_queues_it) {
  put_call(call_with_recording(1));
  const RecordingChange change = want(1);
  EXPECT_TRUE(change.changed);
  EXPECT_EQ(change.recording.state, RecordingState::kQueued);
  EXPECT_EQ(change.recording.lane, Lane::kPlay);
  EXPECT_GT(change.recording.wanted_order, 0);
  EXPECT_EQ(find(1).state, RecordingState::kQueued);
}

TEST_P(CallStoreContract, a_wish_may_name_the_recording_itself) {
  put_call(call_with_recording(1));
  const auto change = run_task(store().want(acme, to_sid(recording_sid(1)), Lane::kPlay, kNow));
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->changed);
  EXPECT_EQ(change->recording.sid, to_sid(call_sid(1)));
}

TEST_P(CallStoreContract, later_wishes_stand_behind_earlier_ones_over_the_whole_store) {
  put_call(call_with_recording(1));
  CallUpdate theirs = call_with_recording(2);
  ASSERT_TRUE(run_task(store().put_call(globex, theirs, kNow)));
  put_call(call_with_recording(3));
  const auto first = want(3).recording.wanted_order;
  const auto second = run_task(store().want(globex, to_sid(call_sid(2)), Lane::kPlay, kNow));
  ASSERT_TRUE(second);
  const auto third = want(1, Lane::kFetch).recording.wanted_order;
  EXPECT_LT(first, second->recording.wanted_order);
  EXPECT_LT(second->recording.wanted_order, third);
}

TEST_P(CallStoreContract, a_second_press_changes_nothing) {
  put_call(call_with_recording(1));
  const auto first = want(1);
  const auto second = want(1);
  EXPECT_FALSE(second.changed);
  EXPECT_EQ(second.recording.wanted_order, first.recording.wanted_order);
}

TEST_P(CallStoreContract, a_press_moves_an_automatic_fetch_to_the_end_of_the_play_lane) {
  put_call(call_with_recording(1));
  put_call(call_with_recording(2));
  want(1, Lane::kFetch);
  const auto other = want(2);
  const auto pressed = want(1);
  EXPECT_TRUE(pressed.changed);
  EXPECT_EQ(pressed.recording.lane, Lane::kPlay);
  EXPECT_EQ(pressed.recording.state, RecordingState::kQueued);
  EXPECT_GT(pressed.recording.wanted_order, other.recording.wanted_order);
  EXPECT_EQ(waiting().size(), 2U);
}

TEST_P(CallStoreContract, a_command_changes_nothing_about_a_recording_that_waits_already) {
  put_call(call_with_recording(1));
  want(1, Lane::kFetch);
  EXPECT_FALSE(want(1, Lane::kFetch).changed);
  want(1, Lane::kPlay);
  EXPECT_FALSE(want(1, Lane::kFetch).changed);
  EXPECT_EQ(find(1).lane, Lane::kPlay);
}

TEST_P(CallStoreContract, a_play_does_not_hurry_a_delayed_recording) {
  backing_off(1, kNow + Seconds(10), Lane::kFetch);
  EXPECT_FALSE(want(1, Lane::kPlay, kNow).changed);
  EXPECT_EQ(find(1).retry_at, kNow + Seconds(10));
}

TEST_P(CallStoreContract, a_play_promotes_a_recording_whose_delay_is_over) {
  backing_off(1, kNow + Seconds(10), Lane::kFetch);
  const auto pressed = want(1, Lane::kPlay, kNow + Seconds(10));
  EXPECT_TRUE(pressed.changed);
  EXPECT_EQ(pressed.recording.lane, Lane::kPlay);
  EXPECT_FALSE(pressed.recording.retry_at);
}

TEST_P(CallStoreContract, a_press_changes_nothing_once_a_recording_is_taken_stored_failed_or_deleted) {
  begun(1, Lane::kFetch);
  stored(2);
  failed(3);
  stored(4);
  remove(4);
  announce(announcement(5, AnnouncedStatus::kAbsent));
  for (int n = 1; n <= 5; ++n) {
    const RecordingState before = find(n).state;
    EXPECT_FALSE(want(n).changed) << state_name(before);
    EXPECT_EQ(find(n).state, before);
  }
}

TEST_P(CallStoreContract, wishes_for_what_does_not_exist_are_not_found) {
  put_call(call_with_recording(1));
  const Sid theirs = to_sid(call_sid(1));
  EXPECT_EQ(errc_of(run_task(store().want(globex, theirs, Lane::kPlay, kNow))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().retry(globex, theirs, kNow))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().cancel(globex, theirs))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().remove(globex, theirs))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().want(business_id("nobody"), theirs, Lane::kPlay, kNow))), Errc::kNotFound);
  EXPECT_EQ(find(1).state, RecordingState::kRemote);
}

TEST_P(CallStoreContract, retry_queues_a_failed_recording_in_the_play_lane_with_no_attempts_behind_it) {
  const Recording before = failed(1);
  put_call(call_with_recording(2));
  const auto other = want(2);
  const auto change = retry(1);
  EXPECT_TRUE(change.changed);
  EXPECT_EQ(change.recording.state, RecordingState::kQueued);
  EXPECT_EQ(change.recording.lane, Lane::kPlay);
  EXPECT_EQ(change.recording.attempts, 0);
  EXPECT_GT(change.recording.wanted_order, other.recording.wanted_order);
  EXPECT_EQ(change.recording.fence, before.fence);
}

TEST_P(CallStoreContract, retry_queues_an_absent_recording) {
  announce(announcement(1, AnnouncedStatus::kAbsent));
  EXPECT_TRUE(retry(1).changed);
  EXPECT_EQ(find(1).state, RecordingState::kQueued);
}

TEST_P(CallStoreContract, retry_ends_the_delay) {
  backing_off(1, kNow + Seconds(10), Lane::kFetch);
  const auto change = retry(1);
  EXPECT_TRUE(change.changed);
  EXPECT_FALSE(change.recording.retry_at);
  EXPECT_EQ(change.recording.lane, Lane::kPlay);
  EXPECT_EQ(change.recording.attempts, 0);
}

TEST_P(CallStoreContract, retry_changes_nothing_otherwise) {
  put_call(call_with_recording(1));
  EXPECT_FALSE(retry(1).changed);
  want(1);
  EXPECT_FALSE(retry(1).changed);
  begin(1);
  EXPECT_FALSE(retry(1).changed);
  EXPECT_EQ(find(1).state, RecordingState::kProcessing);
  stored(2);
  EXPECT_FALSE(retry(2).changed);
  remove(2);
  EXPECT_FALSE(retry(2).changed);
}

TEST_P(CallStoreContract, a_cause_stays_until_the_recording_is_stored) {
  failed(1);
  retry(1);
  EXPECT_EQ(find(1).cause, failure({}).cause);
  const Recording taken = begin(1);
  EXPECT_EQ(taken.cause, failure({}).cause);
  ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  EXPECT_FALSE(find(1).cause);
}

TEST_P(CallStoreContract, cancel_makes_a_queued_recording_remote_again) {
  put_call(call_with_recording(1));
  want(1);
  const auto change = cancel(1);
  EXPECT_TRUE(change.changed);
  EXPECT_EQ(change.recording.state, RecordingState::kRemote);
  EXPECT_TRUE(waiting().empty());
  EXPECT_TRUE(want(1).changed);
}

TEST_P(CallStoreContract, cancel_makes_a_recording_that_has_failed_before_failed_again) {
  backing_off(1, kNow + Seconds(10));
  const auto change = cancel(1);
  EXPECT_TRUE(change.changed);
  EXPECT_EQ(change.recording.state, RecordingState::kFailed);
  EXPECT_EQ(change.recording.cause, failure({}).cause);
  EXPECT_FALSE(change.recording.retry_at);
}

TEST_P(CallStoreContract, cancel_changes_nothing_otherwise) {
  put_call(call_with_recording(1));
  EXPECT_FALSE(cancel(1).changed);
  begun(2);
  EXPECT_FALSE(cancel(2).changed);
  stored(3);
  EXPECT_FALSE(cancel(3).changed);
  EXPECT_EQ(find(3).state, RecordingState::kStored);
  failed(4);
  EXPECT_FALSE(cancel(4).changed);
}

}  // namespace tapedeck::contract

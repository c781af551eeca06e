#pragma once

// The worker's side: attempts, fences, and the order that the slot store is rebuilt from.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

TEST_P(CallStoreContract, an_attempt_raises_fence_and_attempts_and_becomes_processing) {
  const Recording taken = begun(1);
  EXPECT_EQ(taken.state, RecordingState::kProcessing);
  EXPECT_EQ(taken.fence, 1);
  EXPECT_EQ(taken.attempts, 1);
  EXPECT_EQ(taken.call, call_sid(1));
  EXPECT_EQ(taken.recording, recording_sid(1));
  EXPECT_EQ(taken.account, account_sid(1));
  EXPECT_EQ(find(1).state, RecordingState::kProcessing);
}

TEST_P(CallStoreContract, a_second_worker_takes_over_with_a_higher_fence) {
  const Recording first = begun(1);
  const Recording second = begin(1);
  EXPECT_EQ(second.fence, first.fence + 1);
  EXPECT_EQ(second.attempts, 2);
}

TEST_P(CallStoreContract, an_attempt_ends_the_delay_of_its_recording) {
  backing_off(1, kNow + Seconds(10));
  EXPECT_FALSE(begin(1).retry_at);
}

TEST_P(CallStoreContract, a_recording_that_was_not_asked_for_or_is_done_cannot_be_attempted) {
  put_call(call_with_recording(1));
  stored(2);
  failed(3);
  put_call(call_with_recording(4));
  remove(4);
  announce(announcement(5, AnnouncedStatus::kAbsent));
  for (int n = 1; n <= 5; ++n) {
    const Recording before = find(n);
    const auto taken = run_task(store().begin_attempt(acme, to_sid(call_sid(n))));
    ASSERT_TRUE(taken);
    EXPECT_FALSE(taken->has_value()) << state_name(before.state);
    EXPECT_EQ(find(n).fence, before.fence);
    EXPECT_EQ(find(n).attempts, before.attempts);
  }
}

TEST_P(CallStoreContract, an_attempt_at_what_does_not_exist_is_not_found) {
  EXPECT_EQ(errc_of(run_task(store().begin_attempt(acme, to_sid(call_sid(1))))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().reclaim(acme, to_sid(call_sid(1)), std::nullopt))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().commit_stored(99, 1, audio()))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().fail_attempt(99, 1, failure(std::nullopt)))), Errc::kNotFound);
  EXPECT_EQ(errc_of(run_task(store().hand_back(99, 1, AttemptConnection::kClosed))), Errc::kNotFound);
}

TEST_P(CallStoreContract, a_committed_recording_is_stored_with_its_audio) {
  const Recording taken = begun(1);
  ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  const Recording recording = find(1);
  EXPECT_EQ(recording.state, RecordingState::kStored);
  ASSERT_TRUE(recording.audio);
  EXPECT_EQ(recording.audio->blob_key, audio().blob_key);
  EXPECT_EQ(recording.audio->size_bytes, 480'044U);
  EXPECT_EQ(recording.audio->content_type, "audio/mpeg");
  EXPECT_EQ(recording.audio->sha256, std::string(64, 'a'));
  EXPECT_EQ(recording.audio->stored_at, kNow + Seconds(9));
  EXPECT_FALSE(recording.cause);
  EXPECT_TRUE(waiting().empty());
}

TEST_P(CallStoreContract, a_commit_that_is_repeated_after_a_lost_answer_succeeds) {
  const Recording taken = begun(1);
  ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  EXPECT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  EXPECT_EQ(find(1).state, RecordingState::kStored);
}

TEST_P(CallStoreContract, an_older_fence_is_refused_and_changes_nothing) {
  const Recording old = begun(1);
  const Recording taken = begin(1);
  const auto before = find(1);
  EXPECT_EQ(errc_of(run_task(store().commit_stored(old.row_id, old.fence, audio()))), Errc::kStaleFence);
  EXPECT_EQ(errc_of(run_task(store().fail_attempt(old.row_id, old.fence, failure(kNow)))), Errc::kStaleFence);
  EXPECT_EQ(errc_of(run_task(store().hand_back(old.row_id, old.fence, AttemptConnection::kClosed))), Errc::kStaleFence);
  const auto after = find(1);
  EXPECT_EQ(after.state, RecordingState::kProcessing);
  EXPECT_EQ(after.attempts, before.attempts);
  EXPECT_FALSE(after.cause);
  EXPECT_FALSE(after.audio);
  EXPECT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
}

TEST_P(CallStoreContract, a_late_commit_of_a_reclaimed_attempt_counts_while_nobody_took_it_over) {
  const Recording taken = begun(1);
  ASSERT_TRUE(run_task(store().reclaim(acme, taken.sid, std::nullopt)));
  ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, audio())));
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  EXPECT_TRUE(waiting().empty());
}

TEST_P(CallStoreContract, an_attempt_that_is_over_cannot_fail_or_be_handed_back) {
  const Recording reclaimed = begun(1);
  ASSERT_TRUE(run_task(store().reclaim(acme, reclaimed.sid, std::nullopt)));
  const Recording done = stored(2);
  for (const Recording& one : {reclaimed, done}) {
    EXPECT_EQ(errc_of(run_task(store().fail_attempt(one.row_id, one.fence, failure(kNow)))), Errc::kStaleFence);
    EXPECT_EQ(errc_of(run_task(store().hand_back(one.row_id, one.fence, AttemptConnection::kClosed))),
              Errc::kStaleFence);
  }
  EXPECT_EQ(find(1).state, RecordingState::kQueued);
  EXPECT_EQ(find(1).attempts, 1);
  EXPECT_EQ(find(2).state, RecordingState::kStored);
}

TEST_P(CallStoreContract, a_failure_with_a_time_waits_until_then) {
  const Recording taken = begun(1);
  ASSERT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, failure(kNow + Seconds(30)))));
  const Recording recording = find(1);
  EXPECT_EQ(recording.state, RecordingState::kQueued);
  EXPECT_EQ(recording.retry_at, kNow + Seconds(30));
  EXPECT_EQ(recording.cause, failure({}).cause);
  EXPECT_EQ(recording.attempts, 1);
  EXPECT_EQ(recording.wanted_order, taken.wanted_order);
}

TEST_P(CallStoreContract, a_failure_that_says_nothing_of_the_recording_takes_its_attempt_back) {
  const Recording taken = begun(1);
  AttemptFailure limited = failure(kNow + Seconds(30));
  limited.attempt_counts = false;
  ASSERT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, limited)));
  EXPECT_EQ(find(1).attempts, 0);
  EXPECT_EQ(find(1).retry_at, kNow + Seconds(30));
}

TEST_P(CallStoreContract, a_failure_without_a_time_is_final) {
  const Recording taken = begun(1);
  ASSERT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, failure(std::nullopt))));
  EXPECT_EQ(find(1).state, RecordingState::kFailed);
  EXPECT_EQ(find(1).cause, failure({}).cause);
  EXPECT_TRUE(waiting().empty());
}

TEST_P(CallStoreContract, a_failure_may_say_that_the_recording_is_absent) {
  const Recording taken = begun(1);
  AttemptFailure absent = failure(std::nullopt);
  absent.final_state = RecordingState::kAbsent;
  ASSERT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, absent)));
  EXPECT_EQ(find(1).state, RecordingState::kAbsent);
}

TEST_P(CallStoreContract, an_attempt_that_is_handed_back_does_not_count) {
  const Recording taken = begun(1);
  ASSERT_TRUE(run_task(store().hand_back(taken.row_id, taken.fence, AttemptConnection::kClosed)));
  const Recording recording = find(1);
  EXPECT_EQ(recording.state, RecordingState::kQueued);
  EXPECT_EQ(recording.attempts, 0);
  EXPECT_EQ(recording.wanted_order, taken.wanted_order);
  EXPECT_FALSE(recording.cause);
}

TEST_P(CallStoreContract, a_reclaimed_attempt_counts_and_keeps_its_place) {
  const Recording taken = begun(1);
  ASSERT_TRUE(run_task(store().reclaim(acme, taken.sid, std::nullopt)));
  const Recording recording = find(1);
  EXPECT_EQ(recording.state, RecordingState::kQueued);
  EXPECT_EQ(recording.attempts, 1);
  EXPECT_EQ(recording.wanted_order, taken.wanted_order);
}

TEST_P(CallStoreContract, reclaim_may_give_up_with_a_cause) {
  const Recording taken = begun(1);
  const Cause cause{"lease_lost", "the worker vanished 5 times"};
  ASSERT_TRUE(run_task(store().reclaim(acme, taken.sid, cause)));
  EXPECT_EQ(find(1).state, RecordingState::kFailed);
  EXPECT_EQ(find(1).cause, cause);
}

TEST_P(CallStoreContract, reclaim_changes_nothing_that_is_not_processing) {
  stored(1);
  put_call(call_with_recording(2));
  for (int n = 1; n <= 2; ++n) {
    const RecordingState before = find(n).state;
    ASSERT_TRUE(run_task(store().reclaim(acme, to_sid(call_sid(n)), Cause{"lease_lost", "gone"})));
    EXPECT_EQ(find(n).state, before);
    EXPECT_FALSE(find(n).cause);
  }
}

TEST_P(CallStoreContract, waiting_rows_come_in_the_order_of_asking) {
  for (int n = 1; n <= 4; ++n) put_call(call_with_recording(n));
  want(3);
  want(1, Lane::kFetch);
  want(4);
  want(2);
  const Recording taken = begin(4);
  ASSERT_TRUE(run_task(store().fail_attempt(taken.row_id, taken.fence, failure(kNow + Seconds(30)))));
  begin(2);
  const auto rows = waiting();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].sid, to_sid(call_sid(3)));
  EXPECT_EQ(rows[0].business, acme);
  EXPECT_EQ(rows[0].lane, Lane::kPlay);
  EXPECT_EQ(rows[0].state, RecordingState::kQueued);
  EXPECT_FALSE(rows[0].retry_at);
  EXPECT_EQ(rows[1].sid, to_sid(call_sid(1)));
  EXPECT_EQ(rows[1].lane, Lane::kFetch);
  EXPECT_EQ(rows[2].sid, to_sid(call_sid(4)));
  EXPECT_EQ(rows[2].retry_at, kNow + Seconds(30));
  EXPECT_EQ(rows[2].cause, failure({}).cause);
  EXPECT_EQ(rows[3].sid, to_sid(call_sid(2)));
  EXPECT_EQ(rows[3].state, RecordingState::kProcessing);
}

TEST_P(CallStoreContract, waiting_rows_are_read_in_portions) {
  for (int n = 1; n <= 5; ++n) {
    put_call(call_with_recording(n));
    want(n);
  }
  const auto first = waiting(0, 2);
  ASSERT_EQ(first.size(), 2U);
  const auto rest = waiting(first.back().wanted_order, 100);
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(rest.front().sid, to_sid(call_sid(3)));
  EXPECT_TRUE(waiting(rest.back().wanted_order).empty());
}

TEST_P(CallStoreContract, the_rows_of_one_business_are_read_in_the_same_order) {
  for (int n = 1; n <= 3; ++n) {
    put_call(call_with_recording(n));
    want(n);
  }
  ASSERT_TRUE(run_task(store().put_call(globex, call_with_recording(7), kNow)));
  ASSERT_TRUE(run_task(store().want(globex, to_sid(call_sid(7)), Lane::kPlay, kNow)));
  const auto first = run_task(store().waiting_of(acme, 0, 2));
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ(first->front().sid, to_sid(call_sid(1)));
  const auto rest = run_task(store().waiting_of(acme, first->back().wanted_order, 100));
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->size(), 1U);
  EXPECT_EQ(rest->front().sid, to_sid(call_sid(3)));
  EXPECT_EQ(*run_task(store().businesses_at_work()), (std::vector<BusinessId>{acme, globex}));
}

TEST_P(CallStoreContract, an_attempt_is_open_until_it_says_how_it_ended) {
  EXPECT_FALSE(open_attempt());
  const Recording stored = begun(1);
  EXPECT_TRUE(open_attempt());
  ASSERT_TRUE(run_task(store().commit_stored(stored.row_id, stored.fence, audio())));
  EXPECT_FALSE(open_attempt());
  const Recording failed = begun(2);
  EXPECT_TRUE(open_attempt());
  ASSERT_TRUE(run_task(store().fail_attempt(failed.row_id, failed.fence, failure(kNow))));
  EXPECT_FALSE(open_attempt());
  const Recording returned = begun(3);
  EXPECT_TRUE(open_attempt());
  ASSERT_TRUE(run_task(store().hand_back(returned.row_id, returned.fence, AttemptConnection::kClosed)));
  EXPECT_FALSE(open_attempt());
}

TEST_P(CallStoreContract, a_lost_attempt_stays_open_whatever_becomes_of_the_row_and_keeps_its_business_at_work) {
  const Recording lost = begun(1);
  ASSERT_TRUE(run_task(store().reclaim(acme, lost.sid, std::nullopt)));
  EXPECT_TRUE(open_attempt());
  cancel(1);
  EXPECT_TRUE(open_attempt());
  remove(1);
  EXPECT_TRUE(open_attempt());
  EXPECT_EQ(*run_task(store().businesses_at_work()), std::vector<BusinessId>{acme});
}

TEST_P(CallStoreContract, an_attempt_that_never_connected_says_nothing_of_an_earlier_one) {
  const Recording alone = begun(1);
  ASSERT_TRUE(run_task(store().hand_back(alone.row_id, alone.fence, AttemptConnection::kNeverOpened)));
  EXPECT_FALSE(open_attempt());
  begun(2);
  const Recording second = begin(2);
  ASSERT_TRUE(run_task(store().hand_back(second.row_id, second.fence, AttemptConnection::kNeverOpened)));
  EXPECT_TRUE(open_attempt());
  const Recording third = begin(2);
  ASSERT_TRUE(run_task(store().hand_back(third.row_id, third.fence, AttemptConnection::kClosed)));
  EXPECT_FALSE(open_attempt());
}

TEST_P(CallStoreContract, a_refused_end_can_still_be_told_while_nobody_took_over) {
  const Recording reclaimed = begun(1);
  ASSERT_TRUE(run_task(store().reclaim(acme, reclaimed.sid, std::nullopt)));
  ASSERT_TRUE(run_task(store().close_attempt(reclaimed.row_id, reclaimed.fence)));
  EXPECT_FALSE(open_attempt());
  const Recording deleted = begun(2);
  remove(2);
  ASSERT_TRUE(run_task(store().close_attempt(deleted.row_id, deleted.fence)));
  EXPECT_FALSE(open_attempt());
  const Recording overtaken = begun(3);
  begin(3);
  ASSERT_TRUE(run_task(store().close_attempt(overtaken.row_id, overtaken.fence)));
  EXPECT_TRUE(open_attempt());
}

TEST_P(CallStoreContract, slot_epoch_is_monotonic_and_at_least_now) {
  const std::int64_t first = *run_task(store().raise_slot_epoch(acme, kNow));
  EXPECT_EQ(first, kNow.time_since_epoch().count());
  EXPECT_EQ(*run_task(store().raise_slot_epoch(acme, kNow - Seconds(9))), first + 1);
  EXPECT_EQ(*run_task(store().raise_slot_epoch(globex, kNow - Seconds(9))), first - 9'000);
  EXPECT_EQ(errc_of(run_task(store().raise_slot_epoch(business_id("nobody"), kNow))), Errc::kNotFound);
}

}  // namespace tapedeck::contract

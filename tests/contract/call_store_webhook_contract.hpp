#pragma once

// The provider's webhook: known and unknown calls, repeats, late and out-of-order events.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

TEST_P(CallStoreContract, an_announced_recording_of_an_unknown_call_makes_both) {
  RecordingAnnouncement told = announcement(1);
  told.duration_seconds = 42;
  told.channels = 2;
  told.started_at = kNow - Seconds(50);
  const auto change = announce(told);
  EXPECT_TRUE(change.changed);
  const Recording recording = find(1);
  EXPECT_EQ(recording.state, RecordingState::kQueued);
  EXPECT_EQ(recording.lane, Lane::kFetch);
  EXPECT_GT(recording.wanted_order, 0);
  EXPECT_EQ(recording.duration_seconds, 42);
  EXPECT_EQ(recording.channels, 2);
  EXPECT_EQ(recording.recorded_at, kNow - Seconds(50));
  EXPECT_EQ(recording.announced_at, kNow);
  EXPECT_EQ(recording.account, account_sid(1));
  const auto page = run_task(store().list_calls(acme, {}));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->calls.size(), 1U);
  EXPECT_EQ(page->calls.front().sid, call_sid(1));
  EXPECT_EQ(page->calls.front().started_at, kNow - Seconds(50));
}

TEST_P(CallStoreContract, an_announced_call_without_a_time_started_now) {
  announce(announcement(1));
  EXPECT_EQ(list().calls.at(0).started_at, kNow);
}

TEST_P(CallStoreContract, an_announcement_leaves_the_call_that_is_known) {
  CallUpdate update = call_with_recording(1);
  update.from = "alice";
  update.started_at = kNow - Seconds(300);
  put_call(update);
  RecordingAnnouncement told = announcement(1);
  told.started_at = kNow - Seconds(50);
  announce(told);
  EXPECT_EQ(list().calls.at(0).from, "alice");
  EXPECT_EQ(list().calls.at(0).started_at, kNow - Seconds(300));
}

TEST_P(CallStoreContract, a_completed_recording_that_was_remote_becomes_queued_in_the_automatic_lane) {
  put_call(call_with_recording(1));
  EXPECT_TRUE(announce(announcement(1)).changed);
  EXPECT_EQ(find(1).state, RecordingState::kQueued);
  EXPECT_EQ(find(1).lane, Lane::kFetch);
}

TEST_P(CallStoreContract, a_completed_recording_that_was_absent_becomes_queued) {
  announce(announcement(1, AnnouncedStatus::kAbsent));
  EXPECT_TRUE(announce(announcement(1)).changed);
  EXPECT_EQ(find(1).state, RecordingState::kQueued);
}

TEST_P(CallStoreContract, the_same_event_again_changes_nothing) {
  const auto first = announce(announcement(1), kNow);
  const auto second = announce(announcement(1), kNow + Seconds(1));
  EXPECT_FALSE(second.changed);
  EXPECT_EQ(second.recording.wanted_order, first.recording.wanted_order);
  EXPECT_EQ(find(1).announced_at, kNow);
  EXPECT_EQ(waiting().size(), 1U);
  EXPECT_EQ(list().calls.size(), 1U);
}

TEST_P(CallStoreContract, a_webhook_after_the_press_leaves_the_place_in_the_play_lane) {
  put_call(call_with_recording(1));
  const auto pressed = want(1);
  RecordingAnnouncement told = announcement(1);
  told.duration_seconds = 42;
  const auto change = announce(told);
  EXPECT_FALSE(change.changed);
  EXPECT_EQ(change.recording.lane, Lane::kPlay);
  EXPECT_EQ(change.recording.wanted_order, pressed.recording.wanted_order);
  EXPECT_EQ(find(1).duration_seconds, 42);
  EXPECT_EQ(find(1).announced_at, kNow);
}

TEST_P(CallStoreContract, a_late_event_leaves_what_is_stored_failed_or_deleted) {
  stored(1);
  failed(2);
  stored(3);
  remove(3);
  for (int n = 1; n <= 3; ++n) {
    const RecordingState before = find(n).state;
    for (const auto status : {AnnouncedStatus::kInProgress, AnnouncedStatus::kCompleted}) {
      EXPECT_FALSE(announce(announcement(n, status)).changed);
    }
    EXPECT_EQ(find(n).state, before);
  }
}

TEST_P(CallStoreContract, a_recording_in_progress_is_known_but_not_asked_for) {
  const auto change = announce(announcement(1, AnnouncedStatus::kInProgress));
  EXPECT_EQ(change.recording.state, RecordingState::kRemote);
  EXPECT_FALSE(change.recording.announced_at);
  EXPECT_TRUE(waiting().empty());
  EXPECT_FALSE(announce(announcement(1, AnnouncedStatus::kInProgress)).changed);
  EXPECT_TRUE(announce(announcement(1)).changed);
}

TEST_P(CallStoreContract, an_event_in_progress_after_completed_changes_nothing) {
  announce(announcement(1));
  EXPECT_FALSE(announce(announcement(1, AnnouncedStatus::kInProgress)).changed);
  EXPECT_EQ(find(1).state, RecordingState::kQueued);
}

TEST_P(CallStoreContract, an_absent_or_failed_recording_becomes_absent_with_the_providers_reason) {
  int n = 0;
  for (const auto status : {AnnouncedStatus::kAbsent, AnnouncedStatus::kFailed}) {
    RecordingAnnouncement told = announcement(++n, status);
    told.error_code = "16102";
    const auto change = announce(told);
    EXPECT_TRUE(change.changed);
    EXPECT_EQ(change.recording.state, RecordingState::kAbsent);
    ASSERT_TRUE(change.recording.cause);
    EXPECT_EQ(change.recording.cause->code, errc_name(Errc::kProviderAbsent));
    EXPECT_NE(change.recording.cause->detail.find("16102"), std::string::npos);
    EXPECT_FALSE(announce(told).changed);
  }
}

TEST_P(CallStoreContract, a_waiting_or_failed_recording_becomes_absent_when_the_provider_says_so) {
  put_call(call_with_recording(1));
  want(1);
  begun(2);
  backing_off(3, kNow + Seconds(10));
  failed(4);
  for (int n = 1; n <= 4; ++n) {
    EXPECT_TRUE(announce(announcement(n, AnnouncedStatus::kAbsent)).changed);
    EXPECT_EQ(find(n).state, RecordingState::kAbsent);
    EXPECT_FALSE(find(n).retry_at);
  }
  EXPECT_TRUE(waiting().empty());
}

TEST_P(CallStoreContract, a_stored_or_deleted_recording_stays_when_the_provider_no_longer_has_it) {
  stored(1);
  stored(2);
  remove(2);
  for (int n = 1; n <= 2; ++n) {
    const RecordingState before = find(n).state;
    EXPECT_FALSE(announce(announcement(n, AnnouncedStatus::kAbsent)).changed);
    EXPECT_EQ(find(n).state, before);
    EXPECT_FALSE(find(n).cause);
  }
}

TEST_P(CallStoreContract, announcements_of_anothers_recording_are_conflicts_and_change_nothing) {
  announce(announcement(1));
  RecordingAnnouncement other_call = announcement(1);
  other_call.call = call_sid(2);
  EXPECT_EQ(errc_of(run_task(store().announce(acme, other_call, kNow))), Errc::kConflict);
  EXPECT_EQ(errc_of(run_task(store().announce(globex, announcement(1), kNow))), Errc::kConflict);
  EXPECT_EQ(list().calls.size(), 1U);
  EXPECT_TRUE(list({}, globex).calls.empty());
}

TEST_P(CallStoreContract, an_announcement_to_an_unknown_business_is_not_found) {
  const auto change = run_task(store().announce(business_id("nobody"), announcement(1), kNow));
  EXPECT_EQ(errc_of(change), Errc::kNotFound);
}

TEST_P(CallStoreContract, a_calls_second_announced_recording_goes_by_its_own_sid) {
  announce(announcement(1));
  RecordingAnnouncement second = announcement(2);
  second.call = call_sid(1);
  EXPECT_EQ(announce(second).recording.sid, to_sid(recording_sid(2)));
  EXPECT_EQ(waiting().size(), 2U);
}

}  // namespace tapedeck::contract

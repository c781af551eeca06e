#pragma once

// Calls, and how they are listed and searched.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

inline std::vector<CallSid> sids(const CallPage& page) {
  std::vector<CallSid> found;
  for (const Call& call : page.calls) found.push_back(call.sid);
  return found;
}

inline CallUpdate call_from(int n, std::string from) {
  CallUpdate update;
  update.call = call_sid(n);
  update.from = std::move(from);
  update.to = "+442079460000";
  return update;
}

TEST_P(CallStoreContract, put_call_says_whether_the_call_is_new) {
  EXPECT_EQ(put_call(call_from(1, "+14155550100")), PutOutcome::kCreated);
  EXPECT_EQ(put_call(call_from(1, "+14155550100")), PutOutcome::kChanged);
}

TEST_P(CallStoreContract, a_call_is_read_back_as_it_was_told) {
  CallUpdate update = call_from(1, "Zoë <+14155550100>");
  update.direction = CallDirection::kOutbound;
  update.started_at = kNow - Seconds(60);
  update.duration_seconds = 42;
  put_call(update);
  const CallPage page = list();
  ASSERT_EQ(page.calls.size(), 1U);
  const Call& call = page.calls.front();
  EXPECT_GT(call.row_id, 0);
  EXPECT_EQ(call.business, acme);
  EXPECT_EQ(call.sid, call_sid(1));
  EXPECT_EQ(call.from, "Zoë <+14155550100>");
  EXPECT_EQ(call.to, "+442079460000");
  EXPECT_EQ(call.direction, CallDirection::kOutbound);
  EXPECT_EQ(call.started_at, kNow - Seconds(60));
  EXPECT_EQ(call.duration_seconds, 42);
  EXPECT_FALSE(call.recording);
}

TEST_P(CallStoreContract, absent_fields_of_a_call_leave_what_is_known) {
  CallUpdate update = call_from(1, "+14155550100");
  update.direction = CallDirection::kInbound;
  update.started_at = kNow - Seconds(60);
  update.duration_seconds = 42;
  put_call(update);
  CallUpdate nothing;
  nothing.call = call_sid(1);
  put_call(nothing, kNow + Seconds(100));
  const Call call = list().calls.at(0);
  EXPECT_EQ(call.from, "+14155550100");
  EXPECT_EQ(call.direction, CallDirection::kInbound);
  EXPECT_EQ(call.started_at, kNow - Seconds(60));
  EXPECT_EQ(call.duration_seconds, 42);
}

TEST_P(CallStoreContract, given_fields_of_a_call_replace_what_is_known) {
  put_call(call_from(1, "+14155550100"));
  CallUpdate update;
  update.call = call_sid(1);
  update.to = "support";
  update.duration_seconds = 7;
  put_call(update);
  const Call call = list().calls.at(0);
  EXPECT_EQ(call.from, "+14155550100");
  EXPECT_EQ(call.to, "support");
  EXPECT_EQ(call.duration_seconds, 7);
}

TEST_P(CallStoreContract, a_call_without_a_start_started_now) {
  put_call(call_from(1, "a"), kNow);
  EXPECT_EQ(list().calls.at(0).started_at, kNow);
}

TEST_P(CallStoreContract, a_call_of_an_unknown_business_is_not_found) {
  const auto outcome = run_task(store().put_call(business_id("nobody"), call_from(1, "a"), kNow));
  EXPECT_EQ(errc_of(outcome), Errc::kNotFound);
}

TEST_P(CallStoreContract, telling_of_a_recording_starts_nothing) {
  put_call(call_with_recording(1));
  const Recording recording = find(1);
  EXPECT_EQ(recording.state, RecordingState::kRemote);
  EXPECT_EQ(recording.wanted_order, 0);
  EXPECT_EQ(recording.fence, 0);
  EXPECT_TRUE(waiting().empty());
}

TEST_P(CallStoreContract, the_recording_of_a_call_is_told_once) {
  put_call(call_with_recording(1));
  CallUpdate again = call_with_recording(1);
  again.recording->duration_seconds = 42;
  put_call(again);
  const Recording recording = find(1);
  EXPECT_EQ(recording.duration_seconds, 42);
  EXPECT_EQ(recording.recording, recording_sid(1));
  EXPECT_EQ(recording.account, account_sid(1));
  put_call(call_with_recording(1));
  EXPECT_EQ(find(1).duration_seconds, 42);
  EXPECT_EQ(find(1).row_id, recording.row_id);
}

TEST_P(CallStoreContract, a_recording_told_without_its_account_learns_it_later) {
  CallUpdate update = call_with_recording(1);
  update.recording->account = AccountSid();
  put_call(update);
  EXPECT_TRUE(find(1).account.empty());
  put_call(call_with_recording(1));
  EXPECT_EQ(find(1).account, account_sid(1));
  put_call(update);
  EXPECT_EQ(find(1).account, account_sid(1));
}

TEST_P(CallStoreContract, a_recording_of_another_call_is_a_conflict_and_changes_nothing) {
  put_call(call_with_recording(1));
  CallUpdate other = call_with_recording(1);
  other.call = call_sid(2);
  EXPECT_EQ(errc_of(run_task(store().put_call(acme, other, kNow))), Errc::kConflict);
  EXPECT_EQ(sids(list()), std::vector{call_sid(1)});
}

TEST_P(CallStoreContract, a_recording_of_another_business_is_a_conflict_and_changes_nothing) {
  put_call(call_with_recording(1));
  EXPECT_EQ(errc_of(run_task(store().put_call(globex, call_with_recording(1), kNow))), Errc::kConflict);
  EXPECT_TRUE(list({}, globex).calls.empty());
}

TEST_P(CallStoreContract, a_recording_of_another_account_is_a_conflict) {
  put_call(call_with_recording(1));
  CallUpdate other = call_with_recording(1);
  other.recording->account = account_sid(2);
  EXPECT_EQ(errc_of(run_task(store().put_call(acme, other, kNow))), Errc::kConflict);
}

TEST_P(CallStoreContract, two_accounts_may_use_the_same_recording_sid_in_two_businesses) {
  put_call(call_with_recording(1));
  CallUpdate other = call_with_recording(1);
  other.recording->account = account_sid(2);
  EXPECT_EQ(run_task(store().put_call(globex, other, kNow)), PutOutcome::kCreated);
}

TEST_P(CallStoreContract, a_call_sid_belongs_to_each_business_by_itself) {
  put_call(call_from(1, "a"));
  ASSERT_TRUE(run_task(store().put_call(globex, call_from(1, "b"), kNow)));
  EXPECT_EQ(list().calls.at(0).from, "a");
  EXPECT_EQ(list({}, globex).calls.at(0).from, "b");
}

TEST_P(CallStoreContract, calls_are_listed_newest_first) {
  for (const int n : {2, 3, 1}) put_call(call_from(n, "a"), kNow + Seconds(n));
  EXPECT_EQ(sids(list()), (std::vector{call_sid(3), call_sid(2), call_sid(1)}));
}

TEST_P(CallStoreContract, calls_of_the_same_time_are_listed_last_told_first) {
  for (const int n : {2, 3, 1}) put_call(call_from(n, "a"));
  EXPECT_EQ(sids(list()), (std::vector{call_sid(1), call_sid(3), call_sid(2)}));
}

TEST_P(CallStoreContract, a_call_moves_in_the_list_when_its_start_becomes_known) {
  put_call(call_from(1, "a"), kNow);
  put_call(call_from(2, "a"), kNow + Seconds(1));
  CallUpdate later = call_from(1, "a");
  later.started_at = kNow + Seconds(2);
  put_call(later);
  EXPECT_EQ(sids(list()), (std::vector{call_sid(1), call_sid(2)}));
}

TEST_P(CallStoreContract, a_business_lists_only_its_own_calls) {
  put_call(call_from(1, "a"));
  EXPECT_TRUE(list({}, globex).calls.empty());
  EXPECT_TRUE(list({}, business_id("nobody")).calls.empty());
}

TEST_P(CallStoreContract, pages_follow_one_another_without_gap_or_repeat) {
  for (int n = 1; n <= 7; ++n) put_call(call_from(n, "a"), kNow + Seconds(n / 3));
  CallQuery query;
  query.limit = 3;
  std::vector<CallSid> seen;
  for (int pages = 0; pages < 3; ++pages) {
    const CallPage page = list(query);
    for (const CallSid& sid : sids(page)) seen.push_back(sid);
    query.cursor = page.next;
    EXPECT_EQ(page.next.has_value(), pages < 2);
  }
  EXPECT_EQ(seen,
            (std::vector{call_sid(7), call_sid(6), call_sid(5), call_sid(4), call_sid(3), call_sid(2), call_sid(1)}));
}

TEST_P(CallStoreContract, a_page_that_ends_the_list_has_no_next) {
  for (int n = 1; n <= 3; ++n) put_call(call_from(n, "a"));
  CallQuery query;
  query.limit = 3;
  EXPECT_FALSE(list(query).next);
}

TEST_P(CallStoreContract, calls_that_arrive_between_pages_do_not_shift_them) {
  for (int n = 1; n <= 4; ++n) put_call(call_from(n, "a"), kNow + Seconds(n));
  CallQuery query;
  query.limit = 2;
  query.cursor = list(query).next;
  put_call(call_from(5, "a"), kNow + Seconds(5));
  EXPECT_EQ(sids(list(query)), (std::vector{call_sid(2), call_sid(1)}));
}

TEST_P(CallStoreContract, since_is_inclusive_and_until_exclusive) {
  for (int n = 1; n <= 4; ++n) put_call(call_from(n, "a"), kNow + Seconds(n));
  CallQuery query;
  query.since = kNow + Seconds(2);
  query.until = kNow + Seconds(4);
  EXPECT_EQ(sids(list(query)), (std::vector{call_sid(3), call_sid(2)}));
}

TEST_P(CallStoreContract, a_cursor_and_until_hold_together) {
  for (int n = 1; n <= 4; ++n) put_call(call_from(n, "a"), kNow + Seconds(n));
  CallQuery query;
  query.until = kNow + Seconds(4);
  query.limit = 2;
  query.cursor = list(query).next;
  EXPECT_EQ(sids(list(query)), std::vector{call_sid(1)});
}

TEST_P(CallStoreContract, direction_picks_calls) {
  for (int n = 1; n <= 3; ++n) {
    CallUpdate update = call_from(n, "a");
    if (n == 1) update.direction = CallDirection::kInbound;
    if (n == 2) update.direction = CallDirection::kOutbound;
    put_call(update);
  }
  CallQuery query;
  query.direction = CallDirection::kInbound;
  EXPECT_EQ(sids(list(query)), std::vector{call_sid(1)});
}

TEST_P(CallStoreContract, a_page_has_at_most_the_greatest_number_of_calls) {
  for (int n = 1; n <= kCallPageMax + 1; ++n) put_call(call_from(n, "a"));
  CallQuery query;
  query.limit = kCallPageMax + 100;
  EXPECT_EQ(list(query).calls.size(), static_cast<std::size_t>(kCallPageMax));
}

TEST_P(CallStoreContract, a_listed_call_comes_with_its_first_recording) {
  put_call(call_with_recording(1));
  CallUpdate second = call_with_recording(2);
  second.call = call_sid(1);
  put_call(second);
  const Call call = list().calls.at(0);
  ASSERT_TRUE(call.recording);
  EXPECT_EQ(call.recording->recording, recording_sid(1));
  EXPECT_EQ(call.recording->state, RecordingState::kRemote);
}

TEST_P(CallStoreContract, a_listed_call_passes_over_deleted_recordings_while_it_has_others) {
  put_call(call_with_recording(1));
  CallUpdate second = call_with_recording(2);
  second.call = call_sid(1);
  put_call(second);
  remove(1);
  EXPECT_EQ(list().calls.at(0).recording->recording, recording_sid(2));
  ASSERT_TRUE(run_task(store().remove(acme, to_sid(recording_sid(2)))));
  EXPECT_EQ(list().calls.at(0).recording->recording, recording_sid(1));
  EXPECT_EQ(list().calls.at(0).recording->state, RecordingState::kDeleted);
}

}  // namespace tapedeck::contract

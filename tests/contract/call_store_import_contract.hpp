#pragma once

// Imports: what is listed, what is known, and how far an import is.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

inline RecordingAnnouncement listed(int n, std::int64_t import = 0) {
  RecordingAnnouncement told;
  told.call = call_sid(n);
  told.recording = recording_sid(n);
  told.account = account_sid(1);
  told.is_listed = true;
  told.import = import;
  return told;
}

inline ImportTally tally_line(RecordingState state, std::string cause, std::int64_t count) {
  return {state, std::move(cause), count};
}

inline const ImportScope kScope{account_sid(1), kNow - Seconds(3600), std::nullopt};

TEST_P(CallStoreContract, a_listed_recording_is_queued_as_an_announced_one_but_has_had_no_webhook) {
  RecordingAnnouncement told = listed(1);
  told.duration_seconds = 42;
  told.started_at = kNow - Seconds(90);
  EXPECT_TRUE(announce(told).changed);
  const Recording recording = find(1);
  EXPECT_EQ(recording.state, RecordingState::kQueued);
  EXPECT_EQ(recording.lane, Lane::kFetch);
  EXPECT_EQ(recording.duration_seconds, 42);
  EXPECT_EQ(recording.recorded_at, kNow - Seconds(90));
  EXPECT_EQ(recording.announced_at, std::nullopt);
  EXPECT_FALSE(announce(told).changed);
  announce(announcement(1), kNow + Seconds(5));
  EXPECT_EQ(find(1).announced_at, kNow + Seconds(5));
}

TEST_P(CallStoreContract, a_listing_brings_back_neither_an_absent_nor_a_deleted_recording) {
  announce(announcement(1, AnnouncedStatus::kAbsent));
  (void)stored(2);
  remove(2);
  for (const int n : {1, 2}) {
    const Recording before = find(n);
    EXPECT_FALSE(announce(listed(n)).changed) << n;
    EXPECT_EQ(find(n).state, before.state) << n;
  }
}

TEST_P(CallStoreContract, listed_recordings_are_known_whatever_their_business) {
  announce(listed(1, 7));
  (void)stored(2);
  ASSERT_TRUE(run_task(store().put_call(globex, call_with_recording(3), kNow)));
  CallUpdate without_account = call_with_recording(4);
  without_account.recording->account = AccountSid();
  put_call(without_account);
  announce(listed(5));
  announce(listed(6));
  const auto known =
      run_task(store().known_recordings(account_sid(1), {recording_sid(9), recording_sid(1), recording_sid(2),
                                                         recording_sid(3), recording_sid(4), recording_sid(1)}));
  ASSERT_TRUE(known) << known.error().detail;
  ASSERT_EQ(known->size(), 6U);
  EXPECT_EQ((*known)[0], std::nullopt);
  EXPECT_EQ((*known)[1], (KnownRecording{acme, to_sid(call_sid(1)), RecordingState::kQueued, 7}));
  EXPECT_EQ((*known)[2], (KnownRecording{acme, to_sid(call_sid(2)), RecordingState::kStored, 0}));
  EXPECT_EQ((*known)[3], (KnownRecording{globex, to_sid(call_sid(3)), RecordingState::kRemote, 0}));
  EXPECT_EQ((*known)[4], (KnownRecording{acme, to_sid(call_sid(4)), RecordingState::kRemote, 0}));
  EXPECT_EQ((*known)[5], (*known)[1]);
  const auto of_another = run_task(store().known_recordings(account_sid(2), {recording_sid(1)}));
  EXPECT_EQ(of_another->at(0), std::nullopt);
  EXPECT_TRUE(run_task(store().known_recordings(account_sid(1), {}))->empty());
}

TEST_P(CallStoreContract, a_call_is_found_in_its_own_business_only) {
  CallUpdate update = call_with_recording(1);
  update.from = "+14155550100";
  update.direction = CallDirection::kInbound;
  update.started_at = kNow;
  put_call(update);
  const auto found = run_task(store().find_call(acme, call_sid(1)));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->from, "+14155550100");
  EXPECT_EQ((*found)->to, "");
  EXPECT_EQ((*found)->direction, CallDirection::kInbound);
  EXPECT_EQ((*found)->started_at, kNow);
  EXPECT_EQ(run_task(store().find_call(globex, call_sid(1))).value(), std::nullopt);
  EXPECT_EQ(run_task(store().find_call(acme, call_sid(2))).value(), std::nullopt);
}

TEST_P(CallStoreContract, an_import_is_opened_once_for_its_scope_and_goes_on_where_it_was_saved) {
  const Import begun = run_task(store().open_import(acme, kScope, false, kNow)).value();
  EXPECT_EQ(begun.business, acme);
  EXPECT_EQ(begun.scope, kScope);
  EXPECT_EQ(begun.started_at, kNow);
  EXPECT_EQ(begun.next_page, "");
  EXPECT_FALSE(begun.is_listed);
  Import saved = begun;
  saved.next_page = "/2010-04-01/Accounts/AC1/Recordings.json?Page=1";
  saved.is_listed = true;
  saved.touched_at = kNow + Seconds(9);
  saved.counts = {1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_TRUE(run_task(store().save_import(saved)));

  const Import again = run_task(store().open_import(acme, kScope, false, kNow + Seconds(60))).value();
  EXPECT_EQ(again.id, begun.id);
  EXPECT_EQ(again.next_page, saved.next_page);
  EXPECT_TRUE(again.is_listed);
  EXPECT_EQ(again.started_at, kNow);
  EXPECT_EQ(again.touched_at, kNow + Seconds(9));
  EXPECT_EQ(again.counts, saved.counts);
}

TEST_P(CallStoreContract, another_scope_another_business_and_a_wish_begin_another_import) {
  const auto open = [this](const BusinessId& business, const ImportScope& scope, bool anew) {
    return run_task(store().open_import(business, scope, anew, kNow)).value().id;
  };
  const std::int64_t first = open(acme, kScope, false);
  EXPECT_NE(open(globex, kScope, false), first);
  EXPECT_NE(open(acme, {account_sid(1), std::nullopt, std::nullopt}, false), first);
  EXPECT_NE(open(acme, {account_sid(1), kScope.since, kNow}, false), first);
  EXPECT_NE(open(acme, {account_sid(2), kScope.since, std::nullopt}, false), first);
  EXPECT_EQ(open(acme, kScope, false), first);
  const std::int64_t anew = open(acme, kScope, true);
  EXPECT_NE(anew, first);
  EXPECT_EQ(open(acme, kScope, false), anew);
  EXPECT_EQ(errc_of(run_task(store().open_import(business_id("nobody"), kScope, false, kNow))), Errc::kNotFound);
  Import unknown;
  unknown.id = 999;
  EXPECT_EQ(errc_of(run_task(store().save_import(unknown))), Errc::kNotFound);
}

TEST_P(CallStoreContract, an_import_counts_what_it_has_queued_by_where_it_is_now) {
  const std::int64_t id = run_task(store().open_import(acme, kScope, false, kNow)).value().id;
  EXPECT_TRUE(run_task(store().import_tally(id))->empty());
  (void)stored(9);
  announce(listed(9, id));  // was there before
  announce(listed(8));      // nobody's import
  for (int n = 1; n <= 5; ++n) announce(listed(n, id));
  const Recording first = begin(1);
  ASSERT_TRUE(run_task(store().commit_stored(first.row_id, first.fence, audio())));
  const Recording second = begin(2);
  ASSERT_TRUE(run_task(store().fail_attempt(second.row_id, second.fence, failure(std::nullopt))));
  const Recording third = begin(3);
  ASSERT_TRUE(run_task(store().fail_attempt(third.row_id, third.fence, failure(kNow + Seconds(60)))));
  announce(listed(4, id + 1));  // no change, no new owner
  const std::vector<ImportTally> expected{
      tally_line(RecordingState::kFailed, "provider_server_error", 1), tally_line(RecordingState::kQueued, "", 2),
      tally_line(RecordingState::kQueued, "provider_server_error", 1), tally_line(RecordingState::kStored, "", 1)};
  EXPECT_EQ(run_task(store().import_tally(id)).value(), expected);
}

TEST_P(CallStoreContract, businesses_that_imported_lately_are_listed) {
  EXPECT_TRUE(run_task(store().importing_since(kNow))->empty());
  const Import old = run_task(store().open_import(globex, kScope, false, kNow - Seconds(60))).value();
  (void)run_task(store().open_import(acme, kScope, false, kNow));
  EXPECT_EQ(run_task(store().importing_since(kNow)).value(), std::vector{acme});
  Import saved = old;
  saved.touched_at = kNow;
  ASSERT_TRUE(run_task(store().save_import(saved)));
  EXPECT_EQ(run_task(store().importing_since(kNow)).value(), (std::vector{acme, globex}));
}

}  // namespace tapedeck::contract

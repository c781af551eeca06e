#pragma once

// Deleting a recording, and then its blob.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

TEST_P(CallStoreContract, remove_forgets_the_content_but_the_blobs_name) {
  const Recording before = stored(1);
  const auto change = remove(1);
  EXPECT_TRUE(change.changed);
  const Recording after = find(1);
  EXPECT_EQ(after.state, RecordingState::kDeleted);
  ASSERT_TRUE(after.audio);
  EXPECT_EQ(after.audio->blob_key, before.audio->blob_key);
  EXPECT_EQ(after.audio->size_bytes, 0U);
  EXPECT_EQ(after.audio->sha256, "");
  EXPECT_EQ(after.audio->content_type, "");
  EXPECT_EQ(after.fence, before.fence + 1);
}

TEST_P(CallStoreContract, remove_takes_a_recording_out_of_every_state_once) {
  put_call(call_with_recording(1));
  failed(2);
  put_call(call_with_recording(3));
  want(3);
  announce(announcement(4, AnnouncedStatus::kAbsent));
  for (int n = 1; n <= 4; ++n) {
    EXPECT_TRUE(remove(n).changed);
    EXPECT_EQ(find(n).state, RecordingState::kDeleted);
    EXPECT_FALSE(find(n).cause);
    EXPECT_FALSE(find(n).audio);
    EXPECT_FALSE(remove(n).changed);
  }
  EXPECT_TRUE(waiting().empty());
}

TEST_P(CallStoreContract, a_running_fetch_cannot_commit_what_was_deleted) {
  const Recording taken = begun(1);
  remove(1);
  EXPECT_EQ(errc_of(run_task(store().commit_stored(taken.row_id, taken.fence, audio()))), Errc::kStaleFence);
  EXPECT_EQ(find(1).state, RecordingState::kDeleted);
}

TEST_P(CallStoreContract, telling_of_a_deleted_recording_does_not_bring_it_back) {
  put_call(call_with_recording(1));
  remove(1);
  CallUpdate again = call_with_recording(1);
  again.recording->duration_seconds = 42;
  put_call(again);
  EXPECT_EQ(find(1).state, RecordingState::kDeleted);
  EXPECT_FALSE(find(1).duration_seconds);
}

TEST_P(CallStoreContract, deleted_recordings_are_listed_until_their_blob_is_gone) {
  const Recording first = stored(1);
  const Recording second = stored(2);
  stored(3);
  put_call(call_with_recording(4));
  remove(1);
  remove(2);
  remove(4);
  const auto both = run_task(store().deleted_with_blob(10));
  ASSERT_TRUE(both);
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ(both->front().row_id, first.row_id);
  EXPECT_EQ(both->front().audio->blob_key, audio().blob_key);
  EXPECT_EQ(run_task(store().deleted_with_blob(1))->size(), 1U);
  ASSERT_TRUE(run_task(store().forget_blob(first.row_id)));
  EXPECT_FALSE(find(1).audio);
  const auto one = run_task(store().deleted_with_blob(10));
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->front().row_id, second.row_id);
}

TEST_P(CallStoreContract, the_blob_of_a_recording_that_is_not_deleted_is_not_forgotten) {
  const Recording kept = stored(1);
  EXPECT_EQ(errc_of(run_task(store().forget_blob(kept.row_id))), Errc::kConflict);
  EXPECT_EQ(find(1).audio->blob_key, audio().blob_key);
  EXPECT_EQ(errc_of(run_task(store().forget_blob(kept.row_id + 100))), Errc::kNotFound);
}

}  // namespace tapedeck::contract

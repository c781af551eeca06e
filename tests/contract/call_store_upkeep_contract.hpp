#pragma once

// The upkeep: stored rows in their order, rows that have lost their blob, leases and marks.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

TEST_P(CallStoreContract, only_stored_recordings_are_paged_by_row) {
  const Recording first = stored(1);
  (void)failed(2);
  put_call(call_with_recording(3));
  const Recording fourth = stored(4);
  const Recording fifth = stored(5);
  const auto rows_after = [this](std::int64_t after, int limit) {
    std::vector<std::int64_t> rows;
    const auto found = run_task(store().stored_after(after, limit)).value();
    for (const Recording& one : found) rows.push_back(one.row_id);
    return rows;
  };
  EXPECT_EQ(rows_after(0, 10), (std::vector{first.row_id, fourth.row_id, fifth.row_id}));
  EXPECT_EQ(rows_after(0, 2), (std::vector{first.row_id, fourth.row_id}));
  EXPECT_EQ(rows_after(fourth.row_id, 10), std::vector{fifth.row_id});
  EXPECT_EQ(rows_after(fifth.row_id, 10), std::vector<std::int64_t>{});
  EXPECT_EQ(run_task(store().stored_after(0, 1))->front().audio->blob_key, audio().blob_key);
}

TEST_P(CallStoreContract, a_recording_whose_audio_is_lost_is_queued_again_under_a_new_fence) {
  const Recording before = stored(1);
  ASSERT_TRUE(run_task(store().lose_audio(before.row_id, before.fence, std::nullopt, kNow + Seconds(20))));
  const Recording lost = find(1);
  EXPECT_EQ(lost.state, RecordingState::kQueued);
  EXPECT_EQ(lost.lane, Lane::kFetch);
  EXPECT_EQ(lost.attempts, 0);
  EXPECT_EQ(lost.audio, std::nullopt);
  EXPECT_EQ(lost.cause, std::nullopt);
  EXPECT_GT(lost.fence, before.fence);
  ASSERT_EQ(waiting().size(), 1U);
  EXPECT_EQ(waiting().front().sid, lost.sid);
  EXPECT_EQ(backlog(kNow + Seconds(30)).front().oldest, kNow + Seconds(20));
  EXPECT_EQ(errc_of(run_task(store().commit_stored(before.row_id, before.fence, audio()))), Errc::kStaleFence);
  const Recording begun_again = begin(1);
  EXPECT_TRUE(run_task(store().commit_stored(begun_again.row_id, begun_again.fence, audio())));
}

TEST_P(CallStoreContract, a_recording_whose_audio_is_lost_for_good_fails_with_the_cause) {
  const Recording before = stored(1);
  const Cause cause{"corrupt", "its audio is gone"};
  ASSERT_TRUE(run_task(store().lose_audio(before.row_id, before.fence, cause, kNow)));
  const Recording lost = find(1);
  EXPECT_EQ(lost.state, RecordingState::kFailed);
  EXPECT_EQ(lost.cause, cause);
  EXPECT_EQ(lost.audio, std::nullopt);
  EXPECT_TRUE(waiting().empty());
  EXPECT_TRUE(retry(1).changed);
}

TEST_P(CallStoreContract, only_a_stored_recording_at_its_fence_can_lose_its_audio) {
  const Recording taken = begun(1);
  EXPECT_EQ(errc_of(run_task(store().lose_audio(taken.row_id, taken.fence, std::nullopt, kNow))), Errc::kStaleFence);
  const Recording kept = stored(2);
  EXPECT_EQ(errc_of(run_task(store().lose_audio(kept.row_id, kept.fence - 1, std::nullopt, kNow))), Errc::kStaleFence);
  EXPECT_EQ(find(2).state, RecordingState::kStored);
  remove(2);
  EXPECT_EQ(errc_of(run_task(store().lose_audio(kept.row_id, kept.fence, std::nullopt, kNow))), Errc::kStaleFence);
  EXPECT_EQ(find(2).state, RecordingState::kDeleted);
  EXPECT_EQ(errc_of(run_task(store().lose_audio(999, 1, std::nullopt, kNow))), Errc::kStaleFence);
}

TEST_P(CallStoreContract, a_lease_is_one_holders_until_it_expires_or_is_dropped) {
  const auto take = [this](const char* holder, SystemTime now) {
    return run_task(store().take_lease("upkeep", holder, now, Milliseconds(10'000))).value();
  };
  const auto is_leased = [this](SystemTime now) { return run_task(store().is_leased("upkeep", now)).value(); };
  EXPECT_FALSE(is_leased(kNow));
  EXPECT_TRUE(take("one", kNow));
  EXPECT_TRUE(is_leased(kNow + Milliseconds(9'999)));
  EXPECT_FALSE(take("two", kNow + Milliseconds(9'999)));
  EXPECT_TRUE(take("one", kNow + Milliseconds(5'000)));
  EXPECT_FALSE(take("two", kNow + Milliseconds(14'999)));
  EXPECT_FALSE(is_leased(kNow + Milliseconds(15'000)));
  EXPECT_TRUE(take("two", kNow + Milliseconds(15'000)));
  ASSERT_TRUE(run_task(store().drop_lease("upkeep", "one")));
  EXPECT_TRUE(is_leased(kNow + Milliseconds(15'000)));
  ASSERT_TRUE(run_task(store().drop_lease("upkeep", "two")));
  EXPECT_FALSE(is_leased(kNow + Milliseconds(15'000)));
  EXPECT_TRUE(take("one", kNow + Milliseconds(15'000)));
  EXPECT_TRUE(run_task(store().take_lease("another", "two", kNow, Milliseconds(1))).value());
}

TEST_P(CallStoreContract, a_mark_is_as_it_was_put_last) {
  EXPECT_EQ(run_task(store().find_mark("blobs")).value(), UpkeepMark{});
  const UpkeepMark under_way{"acme/AC1/03/RE1-1.mp3", std::nullopt};
  ASSERT_TRUE(run_task(store().put_mark("blobs", under_way)));
  EXPECT_EQ(run_task(store().find_mark("blobs")).value(), under_way);
  const UpkeepMark done{"", kNow};
  ASSERT_TRUE(run_task(store().put_mark("blobs", done)));
  EXPECT_EQ(run_task(store().find_mark("blobs")).value(), done);
  EXPECT_EQ(run_task(store().find_mark("rows")).value(), UpkeepMark{});
}

}  // namespace tapedeck::contract

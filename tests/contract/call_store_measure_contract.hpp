#pragma once

// Measures: which stored recordings are to be decoded, and what was found in them.

#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck::contract {

inline constexpr SystemTime kStoredAt = kNow + Seconds(9);
inline constexpr Seconds kClaimTime{600};

inline AudioMeasure sample_measure() {
  return {.duration = Milliseconds(41'976), .channels = 2, .sample_rate = 8'000, .codec = "pcm_s16le"};
}

// Short words for what the tests below do.

inline std::vector<MeasureClaim> claim(CallStore& store, SystemTime now = kStoredAt, int limit = 100) {
  auto claims = run_task(store.claim_unmeasured(now, now + kClaimTime, limit));
  EXPECT_TRUE(claims) << claims.error().detail;
  return claims.value_or(std::vector<MeasureClaim>{});
}
inline Result<void> record(CallStore& store, const Recording& recording) {
  return run_task(store.record_measure(recording.row_id, recording.audio->blob_key, sample_measure()));
}
inline Result<void> fail_measure(CallStore& store, const Recording& recording, std::optional<SystemTime> again_at,
                                 bool counts = true) {
  const MeasureFailure failure{{"media_not_audio", "no sound"}, again_at, counts};
  return run_task(store.fail_measure(recording.row_id, recording.audio->blob_key, failure));
}

TEST_P(CallStoreContract, only_stored_recordings_are_claimed_for_a_measure) {
  put_call(call_with_recording(1));
  begun(2);
  failed(3);
  stored(4);
  remove(4);
  const Recording waits = stored(5);
  EXPECT_FALSE(waits.measure);
  const auto claims = claim(store());
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].recording.row_id, waits.row_id);
  EXPECT_EQ(claims[0].recording.business, acme);
  EXPECT_EQ(claims[0].recording.audio->blob_key, audio().blob_key);
  EXPECT_EQ(claims[0].tries, 1);
}

TEST_P(CallStoreContract, the_last_stored_are_claimed_first_and_at_most_as_many_as_asked_for) {
  const auto stored_at = [&](int n, SystemTime at) {
    const Recording taken = begun(n);
    StoredAudio stored = audio();
    stored.stored_at = at;
    ASSERT_TRUE(run_task(store().commit_stored(taken.row_id, taken.fence, stored)));
  };
  stored_at(1, kStoredAt - Seconds(20));
  stored_at(2, kStoredAt);
  stored_at(3, kStoredAt - Seconds(10));
  stored_at(4, kStoredAt + Seconds(1));  // by a clock that is ahead
  const auto first = claim(store(), kStoredAt, 2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].recording.sid, to_sid(call_sid(2)));
  EXPECT_EQ(first[1].recording.sid, to_sid(call_sid(3)));
  const auto rest = claim(store(), kStoredAt, 2);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].recording.sid, to_sid(call_sid(1)));
}

TEST_P(CallStoreContract, a_claim_holds_for_its_time_and_then_counts_as_another_try) {
  stored(1);
  ASSERT_EQ(claim(store()).size(), 1U);
  EXPECT_TRUE(claim(store(), kStoredAt + kClaimTime - Milliseconds(1)).empty());
  const auto again = claim(store(), kStoredAt + kClaimTime);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].tries, 2);
}

TEST_P(CallStoreContract, released_claims_are_given_out_at_once_and_count_as_tries) {
  stored(1);
  const Recording measured = stored(2);
  ASSERT_EQ(claim(store()).size(), 2U);
  ASSERT_TRUE(record(store(), measured));
  ASSERT_TRUE(run_task(store().release_measures()));
  const auto again = claim(store());
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].recording.sid, to_sid(call_sid(1)));
  EXPECT_EQ(again[0].tries, 2);
  EXPECT_TRUE(find(2).measure);
}

TEST_P(CallStoreContract, a_recorded_measure_is_shown_and_not_claimed_again) {
  const Recording recording = stored(1);
  claim(store());
  ASSERT_TRUE(record(store(), recording));
  EXPECT_EQ(find(1).measure, sample_measure());
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  EXPECT_EQ(find(1).audio->sha256, audio().sha256);
  EXPECT_EQ(list().calls.front().recording->measure, sample_measure());
  EXPECT_TRUE(claim(store(), kStoredAt + 10 * kClaimTime).empty());
  EXPECT_TRUE(record(store(), recording)) << "an answer may have been lost";
}

TEST_P(CallStoreContract, a_measure_that_failed_with_a_time_waits_until_then) {
  const Recording recording = stored(1);
  claim(store());
  ASSERT_TRUE(fail_measure(store(), recording, kStoredAt + Seconds(5)));
  EXPECT_FALSE(find(1).measure_cause);
  EXPECT_TRUE(claim(store(), kStoredAt + Seconds(4)).empty());
  const auto again = claim(store(), kStoredAt + Seconds(5));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].tries, 2);
  ASSERT_TRUE(fail_measure(store(), recording, kStoredAt + Seconds(6), false));
  EXPECT_EQ(claim(store(), kStoredAt + Seconds(6))[0].tries, 2) << "the second try was taken back";
}

TEST_P(CallStoreContract, a_failure_without_a_time_is_final_and_says_why) {
  const Recording recording = stored(1);
  claim(store());
  ASSERT_TRUE(fail_measure(store(), recording, std::nullopt));
  EXPECT_EQ(find(1).measure_cause, (Cause{"media_not_audio", "no sound"}));
  EXPECT_EQ(find(1).state, RecordingState::kStored);
  EXPECT_FALSE(find(1).cause);
  EXPECT_TRUE(claim(store(), kStoredAt + 10 * kClaimTime).empty());
}

TEST_P(CallStoreContract, a_measure_of_another_blob_is_refused) {
  const Recording recording = stored(1);
  claim(store());
  const auto other = run_task(store().record_measure(recording.row_id, "acme/other.mp3", sample_measure()));
  EXPECT_EQ(errc_of(other), Errc::kStaleFence);
  remove(1);
  EXPECT_EQ(errc_of(record(store(), recording)), Errc::kStaleFence);
  EXPECT_EQ(errc_of(fail_measure(store(), recording, std::nullopt)), Errc::kStaleFence);
  EXPECT_EQ(errc_of(run_task(store().measure_again(recording.row_id, audio().blob_key))), Errc::kStaleFence);
  EXPECT_EQ(errc_of(run_task(store().record_measure(99'999, audio().blob_key, sample_measure()))), Errc::kStaleFence);
  EXPECT_FALSE(find(1).measure);
  EXPECT_FALSE(find(1).measure_cause);
}

TEST_P(CallStoreContract, a_deleted_recording_keeps_no_measure) {
  const Recording recording = stored(1);
  ASSERT_TRUE(record(store(), recording));
  remove(1);
  EXPECT_FALSE(find(1).measure);
}

TEST_P(CallStoreContract, a_recording_is_measured_anew_when_asked_for_or_when_its_audio_is_fetched_anew) {
  const Recording measured = stored(1);
  claim(store());
  ASSERT_TRUE(record(store(), measured));
  ASSERT_TRUE(run_task(store().measure_again(measured.row_id, audio().blob_key)));
  EXPECT_FALSE(find(1).measure);
  EXPECT_EQ(claim(store())[0].tries, 1);
  ASSERT_TRUE(fail_measure(store(), measured, std::nullopt));
  ASSERT_TRUE(run_task(store().measure_again(measured.row_id, audio().blob_key)));
  EXPECT_FALSE(find(1).measure_cause);
  claim(store());
  ASSERT_TRUE(record(store(), measured));
  ASSERT_TRUE(run_task(store().commit_stored(measured.row_id, measured.fence, audio())));
  EXPECT_FALSE(find(1).measure);
  EXPECT_EQ(claim(store()).size(), 1U);
}

}  // namespace tapedeck::contract

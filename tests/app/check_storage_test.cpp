#include "app/check_storage.hpp"

#include "app/upkeep_names.hpp"
#include "blobs/blob_key.hpp"
#include "tests/app/upkeep/upkeep_world.hpp"

// Rows without their blobs, and blobs without their rows.

namespace tapedeck {
namespace {

class StorageCheckTest : public UpkeepWorld {
 protected:
  void step() {
    const auto stepped = run(check.step(stop.get_token()));
    EXPECT_TRUE(stepped) << stepped.error().detail;
  }
  void check_again() {
    clock.advance(kStorageCheckEvery);
    step();
  }
  std::string key_of(int n, std::int64_t fence) {
    return blob_key({acme, account(1), recording(n), fence, AudioKind::kMpeg});
  }
  bool is_there(const std::string& key) { return blobs.blobs().contains(key); }

  std::stop_source stop;
  StorageCheck check{{rows, rows, blobs, source, businesses, requests, clock, events}};
};

TEST_F(StorageCheckTest, rows_and_blobs_that_agree_are_not_reported) {
  for (int n = 1; n <= 3; ++n) (void)stored(n);
  clock.advance(kBlobGrace);
  step();
  EXPECT_TRUE(events.lines("BLOB_MISSING").empty());
  EXPECT_TRUE(events.lines("BLOB_UNKNOWN").empty());
  const auto lines = events.lines("STORAGE_CHECKED");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "STORAGE_CHECKED what=stored-rows checked=3 missing=0 unknown=0 removed=0");
  EXPECT_EQ(lines[1], "STORAGE_CHECKED what=blobs checked=3 missing=0 unknown=0 removed=0");
  EXPECT_EQ(source.asked, 0);
}

TEST_F(StorageCheckTest, a_stored_row_without_its_blob_is_fetched_again) {
  const Recording before = stored(1);
  ASSERT_TRUE(run(blobs.remove(before.audio->blob_key)));
  step();
  EXPECT_EQ(state(1), RecordingState::kQueued);
  EXPECT_EQ(run(slots.view(acme, 10)).value().active, 1);
  ASSERT_EQ(events.lines("BLOB_MISSING").size(), 1U);
  EXPECT_NE(events.lines("BLOB_MISSING")[0].find("outcome=fetched_again"), std::string::npos);
}

TEST_F(StorageCheckTest, a_lost_recording_that_the_provider_no_longer_has_fails_with_the_cause) {
  const Recording before = stored(1);
  ASSERT_TRUE(run(blobs.remove(before.audio->blob_key)));
  source.answer = RemoteStatus::kAbsent;
  step();
  EXPECT_EQ(state(1), RecordingState::kFailed);
  EXPECT_EQ(find(1)->cause->code, "corrupt");
  EXPECT_NE(events.lines("BLOB_MISSING")[0].find("outcome=lost"), std::string::npos);
}

TEST_F(StorageCheckTest, a_lost_recording_stays_stored_until_the_provider_can_be_asked) {
  const Recording before = stored(1);
  ASSERT_TRUE(run(blobs.remove(before.audio->blob_key)));
  source.answer = fail(Errc::kProviderServerError, "503");
  step();
  EXPECT_EQ(state(1), RecordingState::kStored);
  source.answer = RemoteStatus::kCompleted;
  check_again();
  EXPECT_EQ(state(1), RecordingState::kQueued);
}

TEST_F(StorageCheckTest, one_pass_mends_a_bounded_number) {
  for (int n = 1; n <= kMendedMax + 5; ++n) (void)stored(n);
  for (int n = 1; n <= kMendedMax + 5; ++n) ASSERT_TRUE(run(blobs.remove(find(n)->audio->blob_key)));
  step();
  step();
  EXPECT_EQ(source.asked, kMendedMax);
  EXPECT_EQ(state(kMendedMax), RecordingState::kQueued);
  EXPECT_EQ(state(kMendedMax + 1), RecordingState::kStored);
  EXPECT_NE(events.lines("BLOB_MISSING").back().find("outcome=too_many"), std::string::npos);
}

TEST_F(StorageCheckTest, a_blob_of_another_length_is_noted_as_damage_and_left) {
  const Recording before = stored(1);
  blobs.put(before.audio->blob_key, "byt");
  step();
  EXPECT_EQ(state(1), RecordingState::kStored);
  EXPECT_EQ(find(1)->damage, "the stored audio has 3 bytes, and should have 5");
  EXPECT_TRUE(is_there(before.audio->blob_key));
  EXPECT_NE(events.lines("BLOB_MISSING")[0].find("outcome=size"), std::string::npos);
}

TEST_F(StorageCheckTest, blobs_of_older_attempts_and_of_deleted_recordings_are_removed) {
  (void)stored(1);
  const Recording second = stored(2);
  ASSERT_TRUE(run(rows.remove(acme, to_sid(recording(2)))));
  ASSERT_TRUE(run(rows.forget_blob(second.row_id)));
  ASSERT_TRUE(run(rows.lose_audio(find(1)->row_id, find(1)->fence, std::nullopt, clock.system_now())));
  const Recording again = store(1, acme);
  ASSERT_GT(again.fence, 1);
  clock.advance(kBlobGrace);
  step();
  EXPECT_FALSE(is_there(key_of(1, 1)));
  EXPECT_FALSE(is_there(second.audio->blob_key));
  EXPECT_TRUE(is_there(again.audio->blob_key));
  EXPECT_EQ(events.lines("BLOB_UNKNOWN").size(), 2U);
}

TEST_F(StorageCheckTest, a_blob_without_a_row_is_logged_and_kept) {
  blobs.put(key_of(9, 1), "bytes");
  clock.advance(kBlobGrace);
  step();
  EXPECT_TRUE(is_there(key_of(9, 1)));
  ASSERT_EQ(events.lines("BLOB_UNKNOWN").size(), 1U);
  EXPECT_NE(events.lines("BLOB_UNKNOWN")[0].find("outcome=kept"), std::string::npos);
}

TEST_F(StorageCheckTest, a_fresh_blob_and_one_of_an_attempt_under_way_are_no_orphans) {
  ASSERT_TRUE(run(rows.announce(acme, listed(1, clock.system_now()).told, clock.system_now())));
  const Recording taken = run(rows.begin_attempt(acme, to_sid(recording(1)))).value().value();
  blobs.put(key_of(1, taken.fence), "bytes");
  blobs.put(key_of(9, 1), "bytes");
  blobs.written_at = clock.system_now();
  step();
  EXPECT_TRUE(events.lines("BLOB_UNKNOWN").empty());
  ASSERT_TRUE(run(rows.put_mark(kBlobsMark, UpkeepMark{})));
  clock.advance(kBlobGrace);
  step();
  EXPECT_EQ(events.lines("BLOB_UNKNOWN").size(), 1U);
  EXPECT_TRUE(is_there(key_of(1, taken.fence)));
}

TEST_F(StorageCheckTest, all_rows_are_checked_in_batches_once_a_day) {
  for (int n = 1; n <= 2 * kStorageBatch + 1; ++n) (void)stored(n);
  step();
  EXPECT_TRUE(events.lines("STORAGE_CHECKED").empty());
  EXPECT_FALSE(run(rows.find_mark(kStoredRowsMark)).value().cursor.empty());
  StorageCheck another({rows, rows, blobs, source, businesses, requests, clock, events});  // as after a restart
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(run(another.step(stop.get_token())));
  EXPECT_EQ(events.lines("STORAGE_CHECKED").size(), 2U);
  EXPECT_TRUE(run(another.step(stop.get_token())));
  EXPECT_EQ(events.lines("STORAGE_CHECKED").size(), 2U);
  clock.advance(kStorageCheckEvery);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(run(another.step(stop.get_token())));
  EXPECT_EQ(events.lines("STORAGE_CHECKED").size(), 4U);
}

TEST_F(StorageCheckTest, a_blob_store_that_is_away_changes_nothing) {
  (void)stored(1);
  blobs.failing = Error(Errc::kUnavailable, "away");
  EXPECT_FALSE(run(check.step(stop.get_token())));
  EXPECT_EQ(state(1), RecordingState::kStored);
  EXPECT_EQ(run(rows.find_mark(kStoredRowsMark)).value(), UpkeepMark{});
}

}  // namespace
}  // namespace tapedeck

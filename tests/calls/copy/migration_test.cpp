#include "calls/copy/migration.hpp"

#include <set>

#include <gtest/gtest.h>

#include "base/sha256_stream.hpp"
#include "blobs/blob_key.hpp"
#include "runtime/run_task.hpp"
#include "tests/contract/call_archive_contract.hpp"
#include "tests/fakes/memory_blob_store.hpp"
#include "tests/fakes/memory_call_archive.hpp"

namespace tapedeck {
namespace contract {
namespace {

class MemoryArchive final : public ArchiveSubject {
 public:
  CallArchive& archive() override { return archive_; }

 private:
  MemoryCallArchive archive_;
};

std::unique_ptr<ArchiveSubject> make() { return std::make_unique<MemoryArchive>(); }

INSTANTIATE_TEST_SUITE_P(Fakes, CallArchiveContract, ::testing::Values(ArchiveSubjectKind{"memory", make}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace contract

namespace {

constexpr auto kRecordings = ArchiveTable::kRecordings;
constexpr std::size_t kState = archive_column(kRecordings, "state");

std::string digest_of(const std::string& bytes) {
  Sha256Stream digest;
  digest.update(bytes);
  return digest.finish_hex();
}

// Stores with a business, calls and a stored recording for each, and places for their copies.
class MigrationTest : public ::testing::Test {
 protected:
  static constexpr int kCalls = 1'203;  // pages and batches end in the middle

  void SetUp() override {
    ArchiveRow business(archive_shape(ArchiveTable::kBusinesses).columns.size());
    business[0] = std::string("acme");
    rows.put(ArchiveTable::kBusinesses, business);
    for (int n = 1; n <= kCalls; ++n) add_call(n);
  }

  void add_call(int n) {
    ArchiveRow call(archive_shape(ArchiveTable::kCalls).columns.size());
    call[0] = std::int64_t{n};
    call[archive_column(ArchiveTable::kCalls, "business_id")] = std::string("acme");
    call[archive_column(ArchiveTable::kCalls, "call_sid")] = "CA" + std::to_string(n);
    rows.put(ArchiveTable::kCalls, call);
    const std::string bytes(static_cast<std::size_t>(n), 'x');
    ArchiveRow recording(archive_shape(kRecordings).columns.size());
    recording[0] = std::int64_t{n};
    recording[archive_column(kRecordings, "call_sid")] = "CA" + std::to_string(n);
    recording[kState] = std::string("stored");
    recording[archive_column(kRecordings, "blob_key")] = key_of(n);
    recording[archive_column(kRecordings, "size_bytes")] = std::int64_t{n};
    recording[archive_column(kRecordings, "sha256")] = digest_of(bytes);
    rows.put(kRecordings, recording);
    blobs.put(key_of(n), bytes);
  }
  static std::string key_of(int n) { return "key-" + std::to_string(n); }

  Result<MigrationOutcome> run(bool is_final = false, bool leaves_damaged = false) {
    const MigrationRoute route{.rows = rows, .copy = &copy, .blobs = &blobs, .blobs_copy = &blobs_copy};
    const MigrationOptions options{is_final, leaves_damaged, 77};
    const CopyWatcher watcher = [](const CopyProgress&) {};
    const PassWatcher pass_watcher = [](int) {};
    return run_task(migrate(route, options, watcher, pass_watcher));
  }
  void expect_same() {
    for (const ArchiveTable table : kArchiveTables) EXPECT_EQ(rows.rows(table), copy.rows(table));
    EXPECT_EQ(blobs.blobs(), blobs_copy.blobs());
  }

  MemoryCallArchive rows;
  MemoryCallArchive copy;
  MemoryBlobStore blobs;
  MemoryBlobStore blobs_copy;
};

TEST_F(MigrationTest, the_second_pass_finds_that_everything_is_there_with_the_same_digests) {
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(outcome->passes, 2);
  EXPECT_TRUE(outcome->agrees);
  EXPECT_FALSE(outcome->finished);
  EXPECT_EQ(outcome->rows_copied, 1 + 2 * kCalls);
  EXPECT_EQ(outcome->blobs_copied, kCalls);
  EXPECT_EQ(outcome->tables[1].rows, kCalls);
  for (const TableOutcome& table : outcome->tables) EXPECT_EQ(table.source_sha256, table.copy_sha256);
  expect_same();
}

TEST_F(MigrationTest, an_interrupted_run_continues_and_writes_nothing_twice) {
  int calls_left = 3;
  copy.after_page = [&] {
    if (--calls_left == 0) copy.failing = Error(Errc::kUnavailable, "away");
  };
  EXPECT_FALSE(run());
  copy.after_page = nullptr;
  copy.failing.reset();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(copy.rows_put, 1 + 2 * kCalls);
  expect_same();
}

TEST_F(MigrationTest, rows_that_change_or_go_meanwhile_are_brought_up_to_date) {
  ASSERT_TRUE(run());
  add_call(kCalls + 1);
  ArchiveRow changed = rows.rows(kRecordings).at(std::int64_t{5});
  changed[kState] = std::string("deleted");
  rows.put(kRecordings, changed);
  rows.erase(kRecordings, std::int64_t{9});
  rows.erase(ArchiveTable::kCalls, std::int64_t{9});
  const auto outcome = run(true);
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_TRUE(outcome->finished);
  EXPECT_EQ(outcome->rows_copied, 3);
  EXPECT_EQ(outcome->rows_removed, 2);
  for (const ArchiveTable table : kArchiveTables) EXPECT_EQ(rows.rows(table), copy.rows(table));
}

TEST_F(MigrationTest, a_recording_whose_call_came_too_late_waits_for_the_next_pass) {
  bool has_come = false;
  int pages = 0;
  rows.after_page = [&] {
    if (has_come || ++pages < 6) return;  // behind the calls
    has_come = true;
    add_call(kCalls + 1);
  };
  const auto outcome = run(true);
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_TRUE(has_come);
  expect_same();
}

TEST_F(MigrationTest, a_source_that_goes_on_changing_is_never_finished) {
  int more = kCalls;
  int pages = 0;
  // Several times in each pass, and not at every page: a table that grows as fast as it is read has no last page.
  rows.after_page = [&] {
    if (++pages % 7 == 0) add_call(++more);
  };
  const auto live = run();
  ASSERT_TRUE(live) << live.error().detail;
  EXPECT_EQ(live->passes, kLivePassesMax);
  EXPECT_FALSE(live->agrees);
  const auto refused = run(true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kConflict);
  EXPECT_TRUE(run_task(copy.archive_label(kCopyOfLabel)).value());
}

TEST_F(MigrationTest, only_an_empty_target_or_the_copy_of_this_store_is_taken) {
  MemoryCallArchive other;
  other.put(ArchiveTable::kBusinesses, rows.rows(ArchiveTable::kBusinesses).begin()->second);
  std::swap(copy, other);
  EXPECT_EQ(run().error().errc(), Errc::kConflict);
  EXPECT_EQ(copy.rows(ArchiveTable::kCalls).size(), 0U);
  std::swap(copy, other);
  ASSERT_TRUE(run_task(copy.put_archive_label(kCopyOfLabel, 1)));
  EXPECT_EQ(run().error().errc(), Errc::kConflict);
  ASSERT_TRUE(run_task(copy.put_archive_label(kCopyOfLabel, std::nullopt)));
  ASSERT_TRUE(run(true));
  const auto again = run(true);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().detail.find("finished before"), std::string::npos);
}

TEST_F(MigrationTest, damaged_and_missing_recordings_are_named_and_not_copied) {
  blobs.put(key_of(3), "yyy");
  ASSERT_TRUE(run_task(blobs.remove(key_of(4))));
  const auto refused = run(true);
  ASSERT_FALSE(refused);
  const auto outcome = run(true, true);
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(outcome->blobs->damaged, 1);
  EXPECT_EQ(outcome->blobs->missing, 1);
  EXPECT_EQ((std::set<std::string>(outcome->blobs->named.begin(), outcome->blobs->named.end())),
            (std::set<std::string>{key_of(3), key_of(4)}));
  EXPECT_FALSE(blobs_copy.blobs().contains(key_of(3)));
}

TEST_F(MigrationTest, waveforms_go_along_where_there_are_some) {
  const auto measured = archive_column(kRecordings, "measured_ms");
  for (const std::int64_t n : {5, 6}) {
    ArchiveRow row = rows.rows(kRecordings).at(n);
    row[measured] = std::int64_t{2'000};
    rows.put(kRecordings, row);
  }
  blobs.put(peaks_key(key_of(5)), "[0,1]");
  const auto outcome = run(true);
  ASSERT_TRUE(outcome) << outcome.error().detail;
  expect_same();
}

TEST_F(MigrationTest, a_cut_blob_of_the_copy_is_replaced) {
  ASSERT_TRUE(run());
  blobs_copy.put(key_of(8), "short");
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->blobs_copied, 1);
  expect_same();
}

}  // namespace
}  // namespace tapedeck

// SQLite's own way of testing for faults (www.sqlite.org/testing.html, "I/O error testing"): the first write or sync
// fails, then the second, and so on, until the operation succeeds without reaching the fault. Whenever it fails,
// nothing may have changed, and the store must go on working.

#include <gtest/gtest.h>

#include "tests/calls/sqlite/faulty_disk.hpp"
#include "tests/calls/sqlite/temporary_store.hpp"
#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck {
namespace {

using contract::account_sid;
using contract::business_id;
using contract::call_sid;
using contract::kNow;
using contract::recording_sid;

const BusinessId kAcme = business_id("acme");
constexpr int kOperationsMax = kCallPageMax;

class DiskFaults : public ::testing::Test {
 protected:
  SqliteOptions on_faulty_disk() {
    SqliteOptions options;
    options.database.vfs = FaultyDisk::name();
    return options;
  }
  static RecordingAnnouncement announcement(int n) {
    RecordingAnnouncement told;
    told.call = call_sid(n);
    told.recording = recording_sid(n);
    told.account = account_sid(1);
    return told;
  }
  static void add_business(CallStore& store) {
    Business business;
    business.id = kAcme;
    ASSERT_TRUE(run_task(store.put_business(business)));
  }

  static int count_calls(CallStore& store) {
    CallQuery query;
    query.limit = kCallPageMax;
    const auto page = run_task(store.list_calls(kAcme, query));
    EXPECT_TRUE(page);
    return page ? static_cast<int>(page->calls.size()) : -1;
  }

  FaultyDisk disk_;
  TemporaryDirectory directory_;
  const std::string path_ = directory_.file("calls.db");
};

TEST_F(DiskFaults, a_change_happens_wholly_or_not_at_all) {
  const auto store = open_store(path_, on_faulty_disk());
  add_business(*store);
  bool is_through = false;
  for (int operations = 0; operations < kOperationsMax && !is_through; ++operations) {
    SCOPED_TRACE(testing::Message() << "fault at operation " << operations);
    disk_.fail_once_after(operations);
    const auto change = run_task(store->announce(kAcme, announcement(operations), kNow));
    is_through = !disk_.has_failed();
    disk_.heal();
    if (!change) {
      EXPECT_EQ(change.error().errc(), Errc::kIo) << change.error().detail;
    }
    const auto found = run_task(store->find_recording(kAcme, to_sid(call_sid(operations))));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->has_value(), change.has_value());
    EXPECT_EQ(count_calls(*store), operations + (change ? 1 : 0));
    CallUpdate again;
    again.call = call_sid(operations);
    ASSERT_TRUE(run_task(store->put_call(kAcme, again, kNow))) << "the store does not work any more";
  }
  EXPECT_TRUE(is_through);
}

TEST_F(DiskFaults, opening_fails_cleanly_or_works) {
  int failures = 0;
  bool is_through = false;
  for (int operations = 0; operations < kOperationsMax && !is_through; ++operations) {
    const std::string path = directory_.file("calls-" + std::to_string(operations) + ".db");
    disk_.fail_once_after(operations);
    {
      const auto store = SqliteCallStore::open(path, test_secrets(), on_faulty_disk());
      if (!store) ++failures;
    }
    is_through = !disk_.has_failed();
    disk_.heal();
    const auto store = SqliteCallStore::open(path, test_secrets(), on_faulty_disk());
    ASSERT_TRUE(store) << "not after a fault at operation " << operations << ": " << store.error().detail;
    add_business(**store);
  }
  EXPECT_TRUE(is_through);
  EXPECT_GT(failures, 0);
}

TEST_F(DiskFaults, a_full_database_refuses_changes_and_still_answers) {
  SqliteOptions small;
  constexpr int kStoredMax = 10'000;
  small.database.page_count_max = 60;
  const auto store = open_store(path_, small);
  add_business(*store);
  int stored = 0;
  while (stored < kStoredMax && run_task(store->announce(kAcme, announcement(stored), kNow))) ++stored;
  ASSERT_GT(stored, 0);
  ASSERT_LT(stored, kStoredMax) << "the database never got full";
  const auto refused = run_task(store->announce(kAcme, announcement(stored), kNow));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kNoSpace);
  EXPECT_TRUE(is_transient(refused.error()));
  const auto waiting = run_task(store->waiting(0, kStoredMax));
  ASSERT_TRUE(waiting);
  EXPECT_EQ(std::ssize(*waiting), stored);
  // What needs no new page still works: a worker can end its attempt.
  const auto taken = run_task(store->begin_attempt(kAcme, to_sid(call_sid(0))));
  ASSERT_TRUE(taken && *taken);
  EXPECT_TRUE(run_task(store->hand_back((*taken)->row_id, (*taken)->fence, AttemptConnection::kClosed)));
}

TEST_F(DiskFaults, a_damaged_page_is_told_as_damage) {
  {
    const auto store = open_store(path_);
    add_business(*store);
    for (int n = 0; n < 50; ++n) ASSERT_TRUE(run_task(store->announce(kAcme, announcement(n), kNow)));
  }
  {
    auto database = sqlite::Database::open(path_, {});
    ASSERT_TRUE(database);
    auto root = database->query("SELECT rootpage FROM sqlite_schema WHERE name = 'recordings'");
    ASSERT_TRUE(root.next());
    const auto offset = (root.integer(0) - 1) * 4096;
    std::FILE* file = std::fopen(path_.c_str(), "r+b");
    ASSERT_NE(file, nullptr);
    const std::string noise(4096, '\xA5');
    std::fseek(file, static_cast<long>(offset), SEEK_SET);
    std::fwrite(noise.data(), 1, noise.size(), file);
    std::fclose(file);
  }
  const auto store = SqliteCallStore::open(path_, test_secrets());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().errc(), Errc::kCorrupt);
  EXPECT_NE(store.error().detail.find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace tapedeck

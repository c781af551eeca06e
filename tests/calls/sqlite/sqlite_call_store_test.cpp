#include "calls/sqlite/sqlite_call_store.hpp"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/calls/sqlite/faulty_disk.hpp"
#include "tests/calls/sqlite/temporary_store.hpp"
#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck {
namespace {

using contract::account_sid;
using contract::business_id;
using contract::call_sid;
using contract::errc_of;
using contract::kNow;
using contract::recording_sid;

const BusinessId kAcme = business_id("acme");
const std::string kToken = "0123456789abcdef0123456789abcdef";

Business acme_with_token() {
  Business business;
  business.id = kAcme;
  business.account = account_sid(1);
  business.auth_token = kToken;
  return business;
}

CallUpdate call_with_recording(int n) {
  CallUpdate update;
  update.call = call_sid(n);
  update.recording = RecordingUpdate{recording_sid(n), account_sid(1), std::nullopt};
  return update;
}

class SqliteStore : public ::testing::Test {
 protected:
  [[nodiscard]] std::string bytes_of_all_files() const {
    std::string bytes;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path_).parent_path())) {
      std::ifstream file(entry.path(), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(file), {});
    }
    return bytes;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.file("calls.db");
};

TEST_F(SqliteStore, rows_are_there_after_a_restart) {
  {
    const auto store = open_store(path_);
    ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
    ASSERT_TRUE(run_task(store->put_call(kAcme, call_with_recording(1), kNow)));
    ASSERT_TRUE(run_task(store->want(kAcme, to_sid(call_sid(1)), Lane::kPlay, kNow)));
  }
  const auto store = open_store(path_);
  const auto business = run_task(store->find_business(kAcme));
  ASSERT_TRUE(business && *business);
  EXPECT_EQ((*business)->auth_token, kToken);
  const auto waiting = run_task(store->waiting(0, 10));
  ASSERT_TRUE(waiting);
  ASSERT_EQ(waiting->size(), 1U);
  EXPECT_EQ(waiting->front().sid, to_sid(call_sid(1)));
}

TEST_F(SqliteStore, the_order_of_asking_goes_on_after_a_restart) {
  std::int64_t before = 0;
  {
    const auto store = open_store(path_);
    ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
    ASSERT_TRUE(run_task(store->put_call(kAcme, call_with_recording(1), kNow)));
    ASSERT_TRUE(run_task(store->put_call(kAcme, call_with_recording(2), kNow)));
    before = run_task(store->want(kAcme, to_sid(call_sid(1)), Lane::kPlay, kNow))->recording.wanted_order;
  }
  const auto store = open_store(path_);
  EXPECT_GT(run_task(store->want(kAcme, to_sid(call_sid(2)), Lane::kPlay, kNow))->recording.wanted_order, before);
}

TEST_F(SqliteStore, credentials_are_not_on_the_disk_in_clear) {
  const auto store = open_store(path_);
  ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
  const std::string bytes = bytes_of_all_files();
  ASSERT_NE(bytes.find(account_sid(1).str()), std::string::npos);
  EXPECT_EQ(bytes.find(kToken), std::string::npos);
}

TEST_F(SqliteStore, credentials_do_not_open_with_another_secret_key_and_the_error_says_so) {
  {
    ASSERT_TRUE(run_task(open_store(path_)->put_business(acme_with_token())));
  }
  const SecretBox other = *SecretBox::make(std::string(kSecretKeyBytes, 'o'));
  auto store = SqliteCallStore::open(path_, other);
  ASSERT_TRUE(store);
  const auto business = run_task((*store)->find_business(kAcme));
  ASSERT_EQ(errc_of(business), Errc::kCorrupt);
  EXPECT_NE(business.error().detail.find("SECRET_KEY"), std::string::npos);
  EXPECT_NE(business.error().detail.find("acme"), std::string::npos);
  EXPECT_EQ(errc_of(run_task((*store)->list_businesses())), Errc::kCorrupt);
}

TEST_F(SqliteStore, audit_entries_are_kept_in_order) {
  {
    const auto store = open_store(path_);
    const AuditEntry played{kNow, kAcme, "key:7", "play", call_sid(1).str(), ""};
    const AuditEntry deleted{kNow + Seconds(1), business_id("gone"), "operator:2",
                             "delete",          call_sid(1).str(),   "asked"};
    ASSERT_TRUE(run_task(store->append_audit({played, deleted})));
  }
  auto database = sqlite::Database::open(path_, {});
  ASSERT_TRUE(database);
  auto rows = database->query("SELECT at, business_id, actor, action, sid, detail FROM audit ORDER BY id");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.time(0), kNow);
  EXPECT_EQ(rows.text(1), "acme");
  EXPECT_EQ(rows.text(2), "key:7");
  EXPECT_EQ(rows.text(3), "play");
  EXPECT_EQ(rows.text(4), call_sid(1).str());
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.text(1), "gone");
  EXPECT_EQ(rows.text(5), "asked");
  EXPECT_FALSE(rows.next());
}

TEST_F(SqliteStore, two_stores_on_one_file_see_each_others_changes) {
  const auto server = open_store(path_);
  const auto command = open_store(path_);
  ASSERT_TRUE(run_task(server->put_business(acme_with_token())));
  ApiKey key;
  key.business = kAcme;
  key.hash = "hash-1";
  ASSERT_TRUE(run_task(command->create_key(key)));
  const auto found = run_task(server->find_key("hash-1"));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->has_value());
}

TEST_F(SqliteStore, text_from_outside_stays_text) {
  const auto store = open_store(path_);
  ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
  CallUpdate update = call_with_recording(1);
  update.from = "'); DROP TABLE calls; --";
  update.to = std::string("a\0b", 3);
  ASSERT_TRUE(run_task(store->put_call(kAcme, update, kNow)));
  const auto page = run_task(store->list_calls(kAcme, {}));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->calls.size(), 1U);
  EXPECT_EQ(page->calls.front().from, *update.from);
  EXPECT_EQ(page->calls.front().to, *update.to);
}

TEST_F(SqliteStore, a_ping_answers_the_failure_of_the_last_change_until_a_change_works) {
  FaultyDisk disk;
  SqliteOptions options;
  options.database.vfs = FaultyDisk::name();
  const auto store = open_store(path_, options);
  ASSERT_TRUE(run_task(store->ping()));
  disk.break_down(FaultyDisk::Fault::kFull);
  EXPECT_EQ(errc_of(run_task(store->put_business(acme_with_token()))), Errc::kNoSpace);
  EXPECT_EQ(errc_of(run_task(store->ping())), Errc::kNoSpace);
  disk.heal();
  ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
  EXPECT_TRUE(run_task(store->ping()));
}

TEST_F(SqliteStore, a_ping_finds_out_by_itself_that_the_disk_works_again) {
  FaultyDisk disk;
  SqliteOptions options;
  options.database.vfs = FaultyDisk::name();
  const auto store = open_store(path_, options);
  disk.break_down(FaultyDisk::Fault::kFull);
  EXPECT_FALSE(run_task(store->put_business(acme_with_token())));
  disk.heal();
  const std::uint64_t commits = store->counts().commits;
  EXPECT_FALSE(run_task(store->ping()));  // and starts a change of its own on the side
  while (store->counts().commits == commits) std::this_thread::yield();
  while (!run_task(store->ping())) std::this_thread::yield();
  SUCCEED();
}

}  // namespace
}  // namespace tapedeck

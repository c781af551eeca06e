#include "calls/postgres/postgres_call_store.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "tests/calls/postgres/shared_server.hpp"
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

RecordingAnnouncement announcement(int call, int recording) {
  RecordingAnnouncement told;
  told.call = call_sid(call);
  told.recording = recording_sid(recording);
  told.account = account_sid(1);
  return told;
}

// Each on a thread of its own, all at the same time.
void at_once(int count, const std::function<void(int)>& work) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
}

class PostgresStore : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<PostgresCallStore> open(const PostgresOptions& options = small_store()) const {
    return open_store(database_.url(), options);
  }

  TestDatabase database_;
};

TEST_F(PostgresStore, rows_are_there_after_a_restart) {
  {
    const auto store = open();
    ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
    ASSERT_TRUE(run_task(store->put_call(kAcme, call_with_recording(1), kNow)));
    ASSERT_TRUE(run_task(store->want(kAcme, to_sid(call_sid(1)), Lane::kPlay, kNow)));
  }
  const auto store = open();
  const auto business = run_task(store->find_business(kAcme));
  ASSERT_TRUE(business && *business);
  EXPECT_EQ((*business)->auth_token, kToken);
  const auto waiting = run_task(store->waiting(0, 10));
  ASSERT_TRUE(waiting);
  ASSERT_EQ(waiting->size(), 1U);
  EXPECT_EQ(waiting->front().sid, to_sid(call_sid(1)));
}

TEST_F(PostgresStore, credentials_are_not_in_the_database_in_clear) {
  const auto store = open();
  ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
  const std::string row = database_.ask("SELECT businesses::text FROM businesses");
  ASSERT_NE(row.find(account_sid(1).str()), std::string::npos);
  EXPECT_EQ(row.find(kToken), std::string::npos);
}

TEST_F(PostgresStore, credentials_do_not_open_with_another_secret_key_and_the_error_says_so) {
  ASSERT_TRUE(run_task(open()->put_business(acme_with_token())));
  const SecretBox other = *SecretBox::make(std::string(kSecretKeyBytes, 'o'));
  auto store = PostgresCallStore::open(database_.url(), other, small_store());
  ASSERT_TRUE(store);
  const auto business = run_task((*store)->find_business(kAcme));
  ASSERT_EQ(errc_of(business), Errc::kCorrupt);
  EXPECT_NE(business.error().detail.find("SECRET_KEY"), std::string::npos);
  EXPECT_EQ(errc_of(run_task((*store)->list_businesses())), Errc::kCorrupt);
}

TEST_F(PostgresStore, audit_entries_are_kept_in_order) {
  const AuditEntry played{kNow, kAcme, "key:7", "play", call_sid(1).str(), ""};
  const AuditEntry deleted{kNow + Seconds(1), business_id("gone"), "operator:2",
                           "delete",          call_sid(1).str(),   "asked, \"so\" {}\\"};
  ASSERT_TRUE(run_task(open()->append_audit({played, deleted})));
  EXPECT_EQ(database_.ask("SELECT business_id, actor, action, sid, detail FROM audit ORDER BY id"),
            fmt::format("acme|key:7|play|{0}|\ngone|operator:2|delete|{0}|asked, \"so\" {{}}\\", call_sid(1).view()));
}

TEST_F(PostgresStore, text_from_outside_stays_text) {
  const auto store = open();
  ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
  CallUpdate update = call_with_recording(1);
  update.from = "'); DROP TABLE calls; --";
  update.to = "$1 \\ %";
  ASSERT_TRUE(run_task(store->put_call(kAcme, update, kNow)));
  const auto page = run_task(store->list_calls(kAcme, {}));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->calls.size(), 1U);
  EXPECT_EQ(page->calls.front().from, *update.from);
  EXPECT_EQ(page->calls.front().to, *update.to);
}

TEST_F(PostgresStore, text_that_postgresql_cannot_hold_is_refused_whole_and_the_store_goes_on) {
  const auto store = open();
  ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
  for (const std::string& bad : {std::string("a\0b", 3), std::string("\xff\xfe")}) {
    CallUpdate update = call_with_recording(1);
    update.to = bad;
    EXPECT_EQ(errc_of(run_task(store->put_call(kAcme, update, kNow))), Errc::kInvalidArgument);
  }
  EXPECT_TRUE(run_task(store->list_calls(kAcme, {}))->calls.empty());
  EXPECT_TRUE(run_task(store->put_call(kAcme, call_with_recording(1), kNow)));
}

TEST_F(PostgresStore, a_change_waits_for_the_disk_though_the_database_is_set_not_to) {
  (void)database_.ask("ALTER DATABASE " + database_.name() + " SET synchronous_commit = off");
  (void)database_.ask("CREATE TABLE seen (setting text)");
  (void)database_.ask(
      "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO tapedeck.seen"
      " VALUES (current_setting(''synchronous_commit'')); RETURN NEW; END';"
      "CREATE TRIGGER look AFTER INSERT ON businesses FOR EACH ROW EXECUTE FUNCTION look()");
  ASSERT_TRUE(run_task(open()->put_business(acme_with_token())));
  EXPECT_EQ(database_.ask("SELECT setting FROM seen"), "on");
  (void)database_.ask("ALTER DATABASE " + database_.name() + " SET synchronous_commit = remote_apply");
  Business globex;
  globex.id = business_id("globex");
  ASSERT_TRUE(run_task(open()->put_business(globex)));
  EXPECT_EQ(database_.ask("SELECT string_agg(setting, ' ') FROM seen"), "on remote_apply");
}

TEST_F(PostgresStore, the_store_has_no_more_connections_than_it_was_given) {
  PostgresOptions options;
  options.reads.connections = 2;
  options.changes.connections = 3;
  const auto store = open(options);
  at_once(24, [&store](int i) {
    Business business;
    business.id = business_id(fmt::format("b{}", i));
    EXPECT_TRUE(run_task(store->put_business(business)));
    EXPECT_TRUE(run_task(store->find_business(business.id)));
  });
  const std::string ours = "FROM pg_stat_activity WHERE application_name = 'tapedeck' AND datname = current_database()";
  EXPECT_LE(std::stoi(database_.ask("SELECT count(*) " + ours)), 5);
  EXPECT_LE(store->counts().connects, 5U);
  EXPECT_EQ(store->counts().commits, 24U);
}

TEST_F(PostgresStore, jobs_beyond_the_queue_are_refused) {
  PostgresOptions options = small_store();
  options.reads.queue_max = 0;
  EXPECT_EQ(errc_of(run_task(open(options)->list_businesses())), Errc::kUnavailable);
}

TEST_F(PostgresStore, a_recording_announced_by_many_at_once_is_queued_by_one) {
  const std::array stores{open(), open()};
  ASSERT_TRUE(run_task(stores[0]->put_business(acme_with_token())));
  std::atomic<int> changed = 0;
  at_once(8, [&](int i) {
    const auto change = run_task(stores[static_cast<std::size_t>(i % 2)]->announce(kAcme, announcement(1, 1), kNow));
    EXPECT_TRUE(change) << change.error().detail;
    changed += change && change->changed ? 1 : 0;
  });
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(database_.ask("SELECT count(*), count(DISTINCT sid) FROM recordings"), "1|1");
}

TEST_F(PostgresStore, a_recording_pressed_by_many_at_once_is_queued_by_one) {
  const std::array stores{open(), open()};
  ASSERT_TRUE(run_task(stores[0]->put_business(acme_with_token())));
  for (int round = 1; round <= 10; ++round) {
    ASSERT_TRUE(run_task(stores[0]->put_call(kAcme, call_with_recording(round), kNow)));
    std::atomic<int> changed = 0;
    at_once(8, [&](int i) {
      const auto change =
          run_task(stores[static_cast<std::size_t>(i % 2)]->want(kAcme, to_sid(call_sid(round)), Lane::kPlay, kNow));
      EXPECT_TRUE(change) << change.error().detail;
      changed += change && change->changed ? 1 : 0;
    });
    ASSERT_EQ(changed, 1);
  }
}

TEST_F(PostgresStore, a_calls_recordings_announced_at_once_all_have_names_of_their_own) {
  const std::array stores{open(), open()};
  ASSERT_TRUE(run_task(stores[0]->put_business(acme_with_token())));
  at_once(8, [&](int i) {
    const auto change = run_task(stores[static_cast<std::size_t>(i % 2)]->announce(kAcme, announcement(1, i), kNow));
    EXPECT_TRUE(change) << change.error().detail;
  });
  EXPECT_EQ(database_.ask("SELECT count(*), count(*) FILTER (WHERE sid = call_sid) FROM recordings"), "8|1");
  EXPECT_EQ(database_.ask("SELECT count(DISTINCT wanted_order) FROM recordings"), "8");
}

TEST_F(PostgresStore, workers_who_begin_at_once_have_fences_of_their_own) {
  const std::array stores{open(), open()};
  ASSERT_TRUE(run_task(stores[0]->put_business(acme_with_token())));
  ASSERT_TRUE(run_task(stores[0]->announce(kAcme, announcement(1, 1), kNow)));
  std::mutex mutex;
  std::vector<std::int64_t> fences;
  at_once(8, [&](int i) {
    const auto begun = run_task(stores[static_cast<std::size_t>(i % 2)]->begin_attempt(kAcme, to_sid(call_sid(1))));
    ASSERT_TRUE(begun && *begun);
    const std::scoped_lock lock(mutex);
    fences.push_back((*begun)->fence);
  });
  std::ranges::sort(fences);
  EXPECT_EQ(fences, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(PostgresStore, a_login_is_consumed_once_by_many_who_try_at_once) {
  const std::array stores{open(), open()};
  ASSERT_TRUE(run_task(stores[0]->create_login("hash", {}, kNow + Seconds(60))));
  std::atomic<int> granted = 0;
  at_once(8, [&](int i) {
    const auto grant = run_task(stores[static_cast<std::size_t>(i % 2)]->consume_login("hash", kNow));
    EXPECT_TRUE(grant) << grant.error().detail;
    granted += grant && grant->has_value() ? 1 : 0;
  });
  EXPECT_EQ(granted, 1);
}

TEST_F(PostgresStore, the_store_leaves_no_marks_behind_when_it_ends) {
  {
    const auto store = open();
    ASSERT_TRUE(run_task(store->put_business(acme_with_token())));
    EXPECT_EQ(database_.ask("SELECT count(*) FROM change_marks"), "1");
  }
  EXPECT_EQ(database_.ask("SELECT count(*) FROM change_marks"), "0");
}

TEST_F(PostgresStore, the_store_removes_marks_that_were_left_behind_long_ago) {
  (void)database_.ask("INSERT INTO change_marks VALUES (1, 1, 0, now() - interval '8 days'), (2, 1, 0, now())");
  (void)open();
  EXPECT_EQ(database_.ask("SELECT id FROM change_marks"), "2");
}

}  // namespace
}  // namespace tapedeck

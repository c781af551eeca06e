// What happens to PostgreSQL in operation, and what a caller hears of it.

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/calls/postgres/other_session.hpp"
#include "tests/calls/postgres/shared_server.hpp"
#include "tests/contract/call_store_fixture.hpp"

namespace tapedeck {
namespace {

using contract::business_id;
using contract::call_sid;
using contract::errc_of;
using contract::kNow;
using contract::recording_sid;

const BusinessId kAcme = business_id("acme");

Business acme() {
  Business business;
  business.id = kAcme;
  return business;
}

ApiKey key(int n) {
  ApiKey key;
  key.name = "test";
  key.hash = fmt::format("hash-{}", n);
  return key;
}

// For tests in which the store must not give up.
PostgresOptions patient_store() {
  PostgresOptions options = small_store();
  options.changes.connections = 4;
  for (postgres::PoolOptions* pool : {&options.reads, &options.changes}) {
    pool->patience = pool->reconnect_patience = pool->doubt_patience = Milliseconds(120'000);
    pool->reconnect_pause = Milliseconds(10);
    pool->runs_max = 10'000;
  }
  return options;
}

// For tests in which it is to give up soon.
PostgresOptions impatient_store() {
  PostgresOptions options = small_store();
  options.limits = {.statement_timeout = Milliseconds(200),
                    .lock_timeout = Milliseconds(100),
                    .connect_timeout = Seconds(2),
                    .answer_timeout = Milliseconds(400)};
  for (postgres::PoolOptions* pool : {&options.reads, &options.changes}) {
    pool->patience = pool->reconnect_patience = pool->doubt_patience = Milliseconds(300);
  }
  return options;
}

// Creates keys from four threads until told to stop, each of which must be created once. What was created twice answers
// kConflict, what was lost is missing in the end.
class KeyMakers {
 public:
  explicit KeyMakers(PostgresCallStore& store) {
    for (int i = 0; i < 4; ++i) threads_.emplace_back([this, &store] { run(store); });
  }
  /// How many were created.
  int finish() {
    stopping_ = true;
    threads_.clear();
    return created_;
  }
  [[nodiscard]] int created() const { return created_; }
  /// Until `count` more were created.
  void await(int count) const {
    const int enough = created_ + count;
    while (created_ < enough && !has_failed_) std::this_thread::yield();
  }

 private:
  void run(PostgresCallStore& store) {
    while (!stopping_) {
      const auto created = run_task(store.create_key(key(next_++)));
      EXPECT_TRUE(created) << created.error().detail;
      if (!created) has_failed_ = true;
      if (!created) return;
      ++created_;
    }
  }

  std::atomic<bool> stopping_ = false;
  std::atomic<bool> has_failed_ = false;
  std::atomic<int> next_ = 0;
  std::atomic<int> created_ = 0;
  std::vector<std::jthread> threads_;
};

TEST(PostgresFaults, terminated_backends_lose_nothing_and_do_nothing_twice) {
  const TestDatabase database;
  const auto store = open_store(database.url(), patient_store());
  KeyMakers makers(*store);
  for (int i = 0; i < 30; ++i) {
    makers.await(3);
    (void)database.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'tapedeck' AND datname = current_database()");
  }
  const int created = makers.finish();
  EXPECT_EQ(database.ask("SELECT count(*) FROM api_keys"), std::to_string(created));
  EXPECT_GT(store->counts().connects, 30U);
}

TEST(PostgresFaults, restarts_and_crashes_of_the_server_lose_nothing_and_do_nothing_twice) {
  PostgresProcess server({"fsync=on"});
  const std::string database = server.make_database();
  const auto store = open_store(server.url(database), patient_store());
  KeyMakers makers(*store);
  for (int i = 0; i < 4; ++i) {
    makers.await(20);
    i % 2 == 0 ? server.crash() : server.stop();
    server.start();
  }
  makers.await(20);
  const int created = makers.finish();
  EXPECT_EQ(server.ask("SELECT count(*) FROM tapedeck.api_keys", database), std::to_string(created));
}

TEST(PostgresFaults, a_server_that_is_gone_is_unavailable_and_used_again_when_it_is_back) {
  PostgresProcess server;
  const std::string database = server.make_database();
  const auto store = open_store(server.url(database), impatient_store());
  ASSERT_TRUE(run_task(store->put_business(acme())));
  server.stop();
  const auto refused = run_task(store->put_business(acme()));
  ASSERT_EQ(errc_of(refused), Errc::kUnavailable);
  EXPECT_NE(refused.error().detail.find("is PostgreSQL running there"), std::string::npos) << refused.error().detail;
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_EQ(errc_of(run_task(store->find_business(kAcme))), Errc::kUnavailable);
  EXPECT_EQ(errc_of(run_task(store->ping())), Errc::kUnavailable);
  server.start();
  while (!run_task(store->ping())) std::this_thread::yield();
  EXPECT_TRUE(run_task(store->put_business(acme())));
}

TEST(PostgresFaults, a_server_that_is_frozen_is_given_up_in_time_and_used_again_when_it_goes_on) {
  PostgresProcess server;
  const std::string database = server.make_database();
  const auto store = open_store(server.url(database), impatient_store());
  ASSERT_TRUE(run_task(store->put_business(acme())));
  server.freeze();
  const auto before = std::chrono::steady_clock::now();
  const auto refused = run_task(store->put_business(acme()));
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_EQ(errc_of(refused), Errc::kUnavailable);
  EXPECT_LT(took, Seconds(10));  // an answer and a connection that do not come
  server.thaw();
  while (!run_task(store->put_business(acme()))) std::this_thread::yield();
}

TEST(PostgresFaults, a_lock_that_is_held_makes_only_what_needs_it_unavailable) {
  const TestDatabase database;
  const auto store = open_store(database.url(), impatient_store());
  ASSERT_TRUE(run_task(store->put_business(acme())));
  for (int n : {1, 2}) {
    CallUpdate update;
    update.call = call_sid(n);
    update.recording = RecordingUpdate{recording_sid(n), {}, std::nullopt};
    ASSERT_TRUE(run_task(store->put_call(kAcme, update, kNow)));
  }
  const OtherSession other(database.url());
  other.run("BEGIN; SELECT 1 FROM recordings WHERE sid = '" + call_sid(1).str() + "' FOR UPDATE");
  const auto refused = run_task(store->want(kAcme, to_sid(call_sid(1)), Lane::kPlay, kNow));
  ASSERT_EQ(errc_of(refused), Errc::kUnavailable);
  EXPECT_NE(refused.error().detail.find("held a lock"), std::string::npos) << refused.error().detail;
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_TRUE(run_task(store->find_recording(kAcme, to_sid(call_sid(1)))));
  EXPECT_TRUE(run_task(store->want(kAcme, to_sid(call_sid(2)), Lane::kPlay, kNow)));
  EXPECT_TRUE(run_task(store->ping()));
  other.run("COMMIT");
  EXPECT_TRUE(run_task(store->want(kAcme, to_sid(call_sid(1)), Lane::kPlay, kNow))->changed);
}

TEST(PostgresFaults, a_read_that_takes_too_long_is_ended) {
  const TestDatabase database;
  const auto store = open_store(database.url(), impatient_store());
  const OtherSession other(database.url());
  other.run("BEGIN; LOCK TABLE recordings, calls, businesses");
  EXPECT_EQ(errc_of(run_task(store->list_calls(kAcme, {}))), Errc::kUnavailable);
  EXPECT_EQ(errc_of(run_task(store->list_businesses())), Errc::kUnavailable);
}

class PostgresConflict : public ::testing::TestWithParam<const char*> {
 protected:
  // The next `count` new businesses meet the error, each at the end of its statement.
  static void stumble(const TestDatabase& database, int count) {
    (void)database.ask(fmt::format(
        "CREATE SEQUENCE stumbles; CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN IF nextval(''tapedeck.stumbles'') <= {} THEN RAISE EXCEPTION ''stumbled'' USING ERRCODE = ''{}'';"
        " END IF; RETURN NEW; END'; CREATE TRIGGER stumble AFTER INSERT ON businesses FOR EACH ROW"
        " EXECUTE FUNCTION stumble()",
        count, GetParam()));
  }
};

TEST_P(PostgresConflict, a_conflict_is_met_by_trying_again) {
  const TestDatabase database;
  stumble(database, 3);
  const auto store = open_store(database.url(), small_store());
  const auto put = run_task(store->put_business(acme()));
  ASSERT_TRUE(put) << put.error().detail;
  EXPECT_EQ(*put, PutOutcome::kCreated);
}

TEST_P(PostgresConflict, a_conflict_is_not_met_for_ever) {
  const TestDatabase database;
  stumble(database, 1'000'000);
  const PostgresOptions options = small_store();
  const auto store = open_store(database.url(), options);
  EXPECT_FALSE(run_task(store->put_business(acme())));
  EXPECT_EQ(database.ask("SELECT last_value FROM stumbles"), std::to_string(options.changes.runs_max));
}

INSTANTIATE_TEST_SUITE_P(Sqlstates, PostgresConflict, ::testing::Values("40001", "40P01"));

TEST(PostgresFaults, a_deadlock_with_another_program_is_met_by_trying_again) {
  const TestDatabase database;
  const auto store = open_store(database.url(), patient_store());
  ASSERT_TRUE(run_task(store->put_business(acme())));
  CallUpdate update;
  update.call = call_sid(1);
  update.recording = RecordingUpdate{recording_sid(1), {}, 42};
  ASSERT_TRUE(run_task(store->put_call(kAcme, update, kNow)));
  const OtherSession other(database.url());
  // It holds the call, and then wants the recording, which put_call() holds when it wants the call. It waits for longer
  // than the store does before it looks for deadlocks, so the store is the one to be ended.
  other.run("SET deadlock_timeout = '60s'; BEGIN; UPDATE calls SET duration_seconds = 1");
  const std::jthread waits([&] {
    while (database.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                        " AND application_name = 'tapedeck' AND datname = current_database()") == "0") {
      std::this_thread::yield();
    }
    other.run("UPDATE recordings SET duration_seconds = 1; COMMIT");
  });
  const auto put = run_task(store->put_call(kAcme, update, kNow));
  EXPECT_TRUE(put) << put.error().detail;
  EXPECT_EQ(database.ask("SELECT duration_seconds FROM recordings"), "42");
}

TEST(PostgresFaults, a_database_that_is_set_to_read_only_says_so_and_is_read_and_is_used_again_afterwards) {
  const TestDatabase database;
  ASSERT_TRUE(run_task(open_store(database.url(), small_store())->put_business(acme())));
  (void)database.ask("ALTER DATABASE " + database.name() + " SET default_transaction_read_only = on");
  const auto store = open_store(database.url(), small_store());
  EXPECT_EQ(errc_of(run_task(store->ping())), Errc::kReadOnly);
  const auto refused = run_task(store->put_business(acme()));
  ASSERT_EQ(errc_of(refused), Errc::kReadOnly);
  EXPECT_NE(refused.error().detail.find("DATABASE_URL"), std::string::npos) << refused.error().detail;
  EXPECT_TRUE(run_task(store->find_business(kAcme))->has_value());
  EXPECT_EQ(errc_of(run_task(store->ping())), Errc::kReadOnly);
  (void)OtherSession(database.url())
      .run("SET transaction_read_only = off; ALTER DATABASE " + database.name() +
           " RESET default_transaction_read_only");
  EXPECT_TRUE(run_task(store->put_business(acme())));
}

TEST(PostgresFaults, a_standby_is_read_and_takes_changes_once_it_is_promoted) {
  const PostgresProcess primary({"max_wal_senders=4"});
  const std::string database = primary.make_database();
  ASSERT_TRUE(run_task(open_store(primary.url(database), small_store())->put_business(acme())));
  const PostgresProcess standby(PostgresProcess::StandbyOf{primary});
  const auto store = open_store(standby.url(database), small_store());
  EXPECT_TRUE(run_task(store->find_business(kAcme))->has_value());
  EXPECT_EQ(errc_of(run_task(store->put_business(acme()))), Errc::kReadOnly);
  EXPECT_EQ(errc_of(run_task(store->ping())), Errc::kReadOnly);
  (void)standby.ask("SELECT pg_promote()");
  EXPECT_TRUE(run_task(store->put_business(acme())));
  EXPECT_TRUE(run_task(store->ping()));
}

// A server that asks for passwords; the tests' own user excepted.
class PostgresPassword : public ::testing::Test {
 protected:
  PostgresPassword() {
    std::ofstream(server_.folder() + "/data/pg_hba.conf") << "local all postgres trust\nlocal all all scram-sha-256\n";
    (void)server_.ask("SELECT pg_reload_conf()");
    (void)server_.ask("CREATE ROLE locked LOGIN PASSWORD 'right%word'");
    (void)server_.ask("ALTER DATABASE " + database_ + " OWNER TO locked");
  }
  static Result<std::unique_ptr<PostgresCallStore>> open(const std::string& url) {
    return PostgresCallStore::open(url, test_secrets(), small_store());
  }

  PostgresProcess server_;
  const std::string database_ = server_.make_database();
};

TEST_F(PostgresPassword, the_password_is_taken_from_the_url_decoded) {
  const auto store = open(server_.url(database_, "locked:right%25word"));
  EXPECT_TRUE(store) << store.error().detail;
}

TEST_F(PostgresPassword, a_wrong_password_is_named_as_wrong_and_not_shown) {
  const auto store = open(server_.url(database_, "locked:wrongword"));
  ASSERT_EQ(errc_of(store), Errc::kUnavailable);
  EXPECT_NE(store.error().detail.find("check the user and the password"), std::string::npos) << store.error().detail;
  EXPECT_EQ(store.error().detail.find("wrongword"), std::string::npos) << store.error().detail;
}

struct BadStart {
  const char* name;
  const char* database;
  const char* user;
  const char* advice;
};

class PostgresBadStart : public ::testing::TestWithParam<BadStart> {};

TEST_P(PostgresBadStart, a_failed_start_says_what_is_wrong_and_how_to_mend_it) {
  const auto store = PostgresCallStore::open(shared_server().url(GetParam().database, GetParam().user), test_secrets());
  ASSERT_EQ(errc_of(store), Errc::kUnavailable);
  EXPECT_NE(store.error().detail.find(GetParam().advice), std::string::npos) << store.error().detail;
}

INSTANTIATE_TEST_SUITE_P(Kinds, PostgresBadStart,
                         ::testing::Values(BadStart{"no_database", "nosuch", "postgres", "create it with createdb"},
                                           BadStart{"no_role", "postgres", "nosuch", "create the role"}),
                         [](const auto& one) { return one.param.name; });

TEST(PostgresFaults, a_server_without_a_free_connection_says_how_to_mend_it) {
  const TestDatabase database;
  (void)database.ask("ALTER DATABASE " + database.name() + " CONNECTION LIMIT 0; CREATE ROLE crowd LOGIN");
  const auto store = PostgresCallStore::open(database.url("crowd"), test_secrets());
  ASSERT_EQ(errc_of(store), Errc::kUnavailable);
  EXPECT_NE(store.error().detail.find("max_connections"), std::string::npos) << store.error().detail;
}

}  // namespace
}  // namespace tapedeck

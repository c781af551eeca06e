#include "calls/postgres/migrations.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "tests/calls/old_database.hpp"
#include "tests/calls/postgres/other_session.hpp"
#include "tests/calls/postgres/shared_server.hpp"

namespace tapedeck::postgres {
namespace {

Error open_error(const std::string& url, const PostgresOptions& options = {}) {
  const auto store = PostgresCallStore::open(url, test_secrets(), options);
  EXPECT_FALSE(store);
  return store ? Error() : store.error();
}

TEST(PostgresMigrations, migrations_are_numbered_from_one_without_gaps) {
  int expected = 0;
  for (const sql::Migration& migration : migrations()) EXPECT_EQ(migration.version, ++expected) << migration.name;
  EXPECT_GT(expected, 0);
}

TEST(PostgresMigrations, migrations_make_their_tables_beside_those_of_another_program) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  (void)database.ask("CREATE TABLE public.calls (theirs int)");
  (void)open_store(database.url(), small_store());
  EXPECT_EQ(database.ask("SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables"
                         " WHERE schemaname = 'tapedeck'"),
            "api_keys audit businesses calls change_marks imports leases logins marks meta recordings sessions");
  EXPECT_EQ(database.ask("SELECT count(*) FROM information_schema.columns"
                         " WHERE table_schema = 'public' AND table_name = 'calls'"),
            "1");
}

TEST(PostgresMigrations, migrations_are_run_by_one_process_while_others_wait) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  {
    std::vector<std::jthread> processes;
    for (int i = 0; i < 6; ++i) {
      processes.emplace_back([&database] {
        const auto store = PostgresCallStore::open(database.url(), test_secrets(), small_store());
        EXPECT_TRUE(store) << store.error().detail;
      });
    }
  }
  EXPECT_EQ(database.ask("SELECT value FROM meta WHERE key = 'schema'"), std::to_string(migrations().back().version));
}

TEST(PostgresMigrations, applied_migrations_change_nothing) {
  const TestDatabase database;
  (void)database.ask("UPDATE meta SET value = 42 WHERE key = 'probe'");
  (void)open_store(database.url(), small_store());
  EXPECT_EQ(database.ask("SELECT value FROM meta WHERE key = 'probe'"), "42");
}

TEST(PostgresMigrations, migrations_wait_no_longer_than_they_are_told_to) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  const OtherSession other(database.url());
  other.run("SELECT pg_advisory_lock(x'5450444B'::bigint)");
  PostgresOptions options = small_store();
  options.migration_patience = Seconds(1);
  const Error error = open_error(database.url(), options);
  EXPECT_EQ(error.errc(), Errc::kUnavailable);
  EXPECT_NE(error.detail.find("held a lock"), std::string::npos) << error.detail;
}

TEST(PostgresMigrations, a_newer_schema_is_refused_by_name) {
  const TestDatabase database;
  (void)database.ask("UPDATE meta SET value = 99 WHERE key = 'schema'");
  const Error error = open_error(database.url());
  EXPECT_EQ(error.errc(), Errc::kConflict);
  EXPECT_NE(error.detail.find("schema 99"), std::string::npos) << error.detail;
  EXPECT_NE(error.detail.find(database.name()), std::string::npos) << error.detail;
}

TEST(PostgresMigrations, another_programs_schema_of_the_same_name_is_refused) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  (void)database.ask("CREATE SCHEMA tapedeck; CREATE TABLE tapedeck.bookmarks (url text)");
  const Error error = open_error(database.url());
  EXPECT_EQ(error.errc(), Errc::kCorrupt);
  EXPECT_NE(error.detail.find("bookmarks"), std::string::npos) << error.detail;
}

TEST(PostgresMigrations, a_database_that_is_not_in_utf8_is_refused) {
  const std::string name = "latin";
  (void)shared_server().ask("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  const Error error = open_error(shared_server().url(name));
  EXPECT_EQ(error.errc(), Errc::kConflict);
  EXPECT_NE(error.detail.find("UTF8"), std::string::npos) << error.detail;
}

TEST(PostgresMigrations, a_role_with_too_few_rights_is_told_what_it_needs_and_leaves_nothing_behind) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  (void)database.ask("CREATE ROLE plain LOGIN");
  const Error error = open_error(database.url("plain"));
  EXPECT_EQ(error.errc(), Errc::kUnavailable);
  EXPECT_NE(error.detail.find("CREATE SCHEMA tapedeck AUTHORIZATION"), std::string::npos) << error.detail;
  EXPECT_EQ(database.ask("SELECT to_regnamespace('tapedeck') IS NULL"), "t");
}

TEST(PostgresMigrations, a_role_without_rights_can_migrate_once_an_administrator_has_prepared_the_database) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  (void)database.ask(
      "CREATE ROLE guest LOGIN; CREATE SCHEMA tapedeck AUTHORIZATION guest;"
      " CREATE EXTENSION pg_trgm SCHEMA public; CREATE EXTENSION btree_gin SCHEMA public");
  const auto store = PostgresCallStore::open(database.url("guest"), test_secrets(), small_store());
  EXPECT_TRUE(store) << store.error().detail;
}

TEST(PostgresMigrations, the_owner_of_the_database_can_migrate_alone) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  (void)database.ask("CREATE ROLE owner LOGIN; ALTER DATABASE " + database.name() + " OWNER TO owner");
  const auto store = PostgresCallStore::open(database.url("owner"), test_secrets(), small_store());
  EXPECT_TRUE(store) << store.error().detail;
}

TEST(PostgresMigrations, an_old_database_opens_with_every_row_and_goes_on) {
  const TestDatabase database(TestDatabase::Content::kEmpty);
  const auto dump = std::filesystem::path(__FILE__).parent_path() / "fixtures" / "schema_4.sql";
  (void)database.ask(read_file(dump));
  const auto store = open_store(database.url(), small_store());
  expect_old_rows(*store);
}

}  // namespace
}  // namespace tapedeck::postgres

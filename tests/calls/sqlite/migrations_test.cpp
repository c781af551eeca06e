#include "calls/sqlite/migrations.hpp"

#include <sys/stat.h>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "tests/calls/old_database.hpp"
#include "tests/calls/sqlite/temporary_store.hpp"

namespace tapedeck::sqlite {
namespace {

class Migrations : public ::testing::Test {
 protected:
  Database open() {
    auto database = Database::open(path_, {});
    EXPECT_TRUE(database) << database.error().detail;
    return std::move(*database);
  }
  Error open_store_error() {
    auto store = SqliteCallStore::open(path_, test_secrets());
    EXPECT_FALSE(store);
    return store ? Error() : store.error();
  }
  static std::set<std::string> tables(Database& database) {
    std::set<std::string> names;
    Rows rows = database.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
    while (rows.next()) names.insert(rows.text(0));
    return names;
  }
  void write_file(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.file("calls.db");
};

TEST_F(Migrations, migrations_are_numbered_from_one_without_gaps) {
  int expected = 0;
  for (const sql::Migration& migration : migrations()) EXPECT_EQ(migration.version, ++expected) << migration.name;
  EXPECT_GT(expected, 0);
}

TEST_F(Migrations, migrations_make_the_tables_of_an_empty_file) {
  Database database = open();
  ASSERT_TRUE(migrate(database));
  EXPECT_EQ(database.schema_version(), migrations().back().version);
  EXPECT_EQ(tables(database), (std::set<std::string>{"api_keys", "audit", "businesses", "calls", "imports", "leases",
                                                     "logins", "marks", "meta", "recordings", "sessions"}));
}

TEST_F(Migrations, applied_migrations_change_nothing) {
  Database database = open();
  ASSERT_TRUE(migrate(database));
  database.run("UPDATE meta SET value = 42 WHERE key = 'probe'");
  ASSERT_TRUE(migrate(database));
  Rows value = database.query("SELECT value FROM meta WHERE key = 'probe'");
  ASSERT_TRUE(value.next());
  EXPECT_EQ(value.integer(0), 42);
}

TEST_F(Migrations, a_newer_schema_is_refused_by_name) {
  {
    Database database = open();
    ASSERT_TRUE(migrate(database));
    database.set_schema_version(99);
  }
  const Error error = open_store_error();
  EXPECT_EQ(error.errc(), Errc::kConflict);
  EXPECT_NE(error.detail.find("schema 99"), std::string::npos) << error.detail;
  EXPECT_NE(error.detail.find(path_), std::string::npos) << error.detail;
}

TEST_F(Migrations, another_programs_database_is_refused) {
  {
    Database database = open();
    database.run_script("CREATE TABLE bookmarks (url TEXT)");
  }
  EXPECT_EQ(open_store_error().errc(), Errc::kCorrupt);
  Database database = open();
  EXPECT_EQ(tables(database), std::set<std::string>{"bookmarks"});
}

TEST_F(Migrations, a_file_that_is_no_database_is_refused) {
  write_file(std::string(8192, 'x'));
  const Error error = open_store_error();
  EXPECT_EQ(error.errc(), Errc::kCorrupt);
  EXPECT_NE(error.detail.find("damaged"), std::string::npos) << error.detail;
}

TEST_F(Migrations, a_file_that_was_cut_off_is_noticed) {
  {
    const auto store = open_store(path_);
  }
  std::filesystem::resize_file(path_, 3 * 4096);
  EXPECT_EQ(open_store_error().errc(), Errc::kCorrupt);
}

TEST_F(Migrations, migrations_are_undone_when_the_disk_is_full_half_way) {
  DatabaseOptions small;
  small.page_count_max = 8;
  {
    auto database = Database::open(path_, small);
    ASSERT_TRUE(database);
    const auto migrated = migrate(*database);
    ASSERT_FALSE(migrated);
    EXPECT_EQ(migrated.error().errc(), Errc::kNoSpace);
  }
  Database database = open();
  EXPECT_EQ(database.schema_version(), 0);
  EXPECT_TRUE(migrate(database));
}

TEST_F(Migrations, a_file_in_a_missing_directory_is_an_input_output_error) {
  const auto store = SqliteCallStore::open(directory_.file("missing/calls.db"), test_secrets());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().errc(), Errc::kIo);
  EXPECT_NE(store.error().detail.find("No such file"), std::string::npos) << store.error().detail;
}

TEST_F(Migrations, the_database_and_its_log_are_its_owners_only) {
  const auto store = open_store(path_);
  for (const std::string& file : {path_, path_ + "-wal"}) {
    struct stat status{};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << file;
  }
}

TEST_F(Migrations, a_connection_is_durable_and_keeps_references) {
  Database database = open();
  ASSERT_TRUE(migrate(database));
  const auto pragma = [&](Sql sql) {
    Rows row = database.query(sql);
    return row.next() ? row.text(0) : std::string();
  };
  EXPECT_EQ(pragma("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(pragma("PRAGMA synchronous"), "2");  // FULL
  EXPECT_EQ(pragma("PRAGMA foreign_keys"), "1");
  EXPECT_THROW(database.run("INSERT INTO recordings (business_id, call_sid, account_sid, recording_sid, sid)"
                            " VALUES ('nobody', 'CA1', '', 'RE1', 'CA1')"),
               StorageFailure);
}

TEST_F(Migrations, an_old_database_opens_with_every_row_and_goes_on) {
  {
    Database database = open();
    const auto dump = std::filesystem::path(__FILE__).parent_path() / "fixtures" / "schema_6.sql";
    database.run_script(read_file(dump).c_str());
  }
  const auto store = open_store(path_);
  expect_old_rows(*store);
}

}  // namespace
}  // namespace tapedeck::sqlite

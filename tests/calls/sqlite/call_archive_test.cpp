#include "tests/contract/call_archive_contract.hpp"

#include <fcntl.h>

#include "calls/sqlite/snapshot.hpp"
#include "tests/calls/sqlite/temporary_store.hpp"

namespace tapedeck::contract {
namespace {

class SqliteArchive final : public ArchiveSubject {
 public:
  CallArchive& archive() override { return *store_; }
  std::set<std::string> schema() override {
    auto database = sqlite::Database::open(file_, {});
    sql::Rows row = database->query(
        "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'");
    std::set<std::string> names;
    while (row.next()) names.insert(row.text(0));
    return names;
  }

 private:
  TemporaryDirectory directory_;
  std::string file_ = directory_.file("calls.db");
  std::unique_ptr<SqliteCallStore> store_ = open_store(file_);
};

std::unique_ptr<ArchiveSubject> make() { return std::make_unique<SqliteArchive>(); }

INSTANTIATE_TEST_SUITE_P(Stores, CallArchiveContract, ::testing::Values(ArchiveSubjectKind{"sqlite", make}),
                         [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(Stores, CallArchiveSchema, ::testing::Values(ArchiveSubjectKind{"sqlite", make}),
                         [](const auto& one) { return one.param.name; });

TEST(SqliteSnapshot, a_snapshot_holds_what_was_committed_and_is_its_owners_only) {
  const TemporaryDirectory directory;
  const auto store = open_store(directory.file("calls.db"));
  Business business;
  business.id = *BusinessId::parse("acme");
  ASSERT_TRUE(run_task(store->put_business(business)));
  ASSERT_TRUE(sqlite::copy_database(directory.file("calls.db"), directory.file("copy.db")));
  using std::filesystem::perms;
  const perms mode = std::filesystem::status(directory.file("copy.db")).permissions();
  EXPECT_EQ(mode, perms::owner_read | perms::owner_write);
  const auto copy = open_store(directory.file("copy.db"));
  EXPECT_EQ(run_task(copy->list_businesses())->size(), 1U);
}

TEST(SqliteSnapshot, a_snapshot_never_writes_over_a_file) {
  const TemporaryDirectory directory;
  (void)open_store(directory.file("calls.db"));
  (void)open_store(directory.file("other.db"));
  const auto copied = sqlite::copy_database(directory.file("calls.db"), directory.file("other.db"));
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().errc(), Errc::kConflict);
}

}  // namespace
}  // namespace tapedeck::contract

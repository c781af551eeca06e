#include "tests/contract/call_archive_contract.hpp"

#include <sstream>

#include "tests/calls/postgres/shared_server.hpp"

namespace tapedeck::contract {
namespace {

class PostgresArchive final : public ArchiveSubject {
 public:
  CallArchive& archive() override { return *store_; }
  std::set<std::string> schema() override {
    std::istringstream names(
        database_.ask("SELECT string_agg(table_name || '.' || column_name, ' ') FROM information_schema.columns"
                      " WHERE table_schema = 'tapedeck'"));
    return {std::istream_iterator<std::string>(names), {}};
  }

 private:
  TestDatabase database_;
  std::unique_ptr<PostgresCallStore> store_ = open_store(database_.url(), small_store());
};

std::unique_ptr<ArchiveSubject> make() { return std::make_unique<PostgresArchive>(); }

INSTANTIATE_TEST_SUITE_P(Stores, CallArchiveContract, ::testing::Values(ArchiveSubjectKind{"postgres", make}),
                         [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(Stores, CallArchiveSchema, ::testing::Values(ArchiveSubjectKind{"postgres", make}),
                         [](const auto& one) { return one.param.name; });

TEST(PostgresArchiveEnd, new_rows_and_places_come_after_those_that_were_put) {
  const TestDatabase database;
  const auto store = open_store(database.url(), small_store());
  const BusinessId acme = *BusinessId::parse("acme");
  Business business;
  business.id = acme;
  ASSERT_TRUE(run_task(store->put_business(business)));
  (void)database.ask(
      "INSERT INTO calls (id, business_id, call_sid, from_party, to_party, started_at, search_text) OVERRIDING SYSTEM"
      " VALUE VALUES (41, 'acme', 'CA00000000000000000000000000000001', '', '', 0, '');"
      "INSERT INTO recordings (id, business_id, call_sid, account_sid, recording_sid, sid, state, wanted_order)"
      " OVERRIDING SYSTEM VALUE VALUES (7, 'acme', 'CA00000000000000000000000000000001', '',"
      " 'RE00000000000000000000000000000001', 'CA00000000000000000000000000000001', 'queued', 900)");
  ASSERT_TRUE(run_task(store->finish_archive()));
  CallUpdate update;
  update.call = *CallSid::parse("CA00000000000000000000000000000002");
  update.recording = RecordingUpdate{*RecordingSid::parse("RE00000000000000000000000000000002"), AccountSid(), {}};
  const SystemTime now{Milliseconds{1'763'899'200'000}};
  ASSERT_TRUE(run_task(store->put_call(acme, update, now)));
  const auto wanted = run_task(store->want(acme, to_sid(update.call), Lane::kPlay, now));
  ASSERT_TRUE(wanted) << wanted.error().detail;
  EXPECT_EQ(wanted->recording.row_id, 8);
  EXPECT_EQ(wanted->recording.wanted_order, 901);
  EXPECT_EQ(database.ask("SELECT max(id) FROM calls"), "42");
}

}  // namespace
}  // namespace tapedeck::contract

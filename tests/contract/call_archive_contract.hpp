#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "calls/ports/call_archive.hpp"
#include "runtime/run_task.hpp"

// What every CallArchive must do: the sentences of calls/ports/call_archive.hpp. Include it in one file of a test
// program, and name the stores with INSTANTIATE_TEST_SUITE_P(..., CallArchiveContract, ...).

namespace tapedeck::contract {

class ArchiveSubject {
 public:
  virtual ~ArchiveSubject() = default;
  [[nodiscard]] virtual CallArchive& archive() = 0;
  /// "table.column" of everything in the database; empty where it has no schema of its own.
  [[nodiscard]] virtual std::set<std::string> schema() { return {}; }
};

struct ArchiveSubjectKind {
  std::string name;
  std::unique_ptr<ArchiveSubject> (*make)();
};
inline void PrintTo(const ArchiveSubjectKind& kind, std::ostream* out) { *out << kind.name; }

class CallArchiveContract : public ::testing::TestWithParam<ArchiveSubjectKind> {
 protected:
  CallArchive& archive() { return subject_->archive(); }

  static ArchiveValue text(std::string value) { return value; }
  static ArchiveValue number(std::int64_t value) { return value; }

  /// Numbers at both ends of their range, texts that a careless writer would break.
  static ArchiveRow business(const std::string& id, const std::string& sealed = "") {
    return {id,
            text(""),
            text(sealed),
            number(3),
            text("wav-dual"),
            number(0),
            number(1),
            number(1'763'899'200'000),
            number(0),
            text("zz"),
            number(1)};
  }
  static ArchiveRow call(std::int64_t id, const std::string& business, const std::string& from = "+1415") {
    return {id,        text(business), text("CA" + std::to_string(id)), text(from), text(""), {}, number(-5),
            number(0), text("1415")};
  }
  static ArchiveRow recording(std::int64_t id, const std::string& business, std::int64_t call_id) {
    ArchiveRow row(archive_shape(ArchiveTable::kRecordings).columns.size());
    const auto columns = archive_shape(ArchiveTable::kRecordings).columns;
    // What a column holds that this test does not name: nothing where that may be, else a small number.
    const std::set<std::string_view> optional{"wanted_at",        "retry_at",     "cause_code",   "cause_detail",
                                              "duration_seconds", "recorded_at",  "announced_at", "blob_key",
                                              "size_bytes",       "content_type", "sha256",       "stored_at",
                                              "import_id",        "measure_at",   "measured_ms",  "measured_channels",
                                              "measured_rate",    "delete_at",    "held_since",   "source_due_at"};
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (columns[i].kind != ArchiveKind::kText && !optional.contains(columns[i].name)) row[i] = std::int64_t{0};
    }
    row[0] = id;
    row[archive_column(ArchiveTable::kRecordings, "business_id")] = business;
    row[archive_column(ArchiveTable::kRecordings, "call_sid")] = "CA" + std::to_string(call_id);
    row[archive_column(ArchiveTable::kRecordings, "provider")] = std::string("twilio");
    row[archive_column(ArchiveTable::kRecordings, "account_sid")] = std::string();
    row[archive_column(ArchiveTable::kRecordings, "recording_sid")] = "RE" + std::to_string(id);
    row[archive_column(ArchiveTable::kRecordings, "sid")] = "RE" + std::to_string(id);
    row[archive_column(ArchiveTable::kRecordings, "state")] = std::string("queued");
    row[archive_column(ArchiveTable::kRecordings, "lane")] = std::string("play");
    row[archive_column(ArchiveTable::kRecordings, "wanted_order")] = std::int64_t{1'000'000 - id};
    return row;
  }

  void put(ArchiveTable table, const std::vector<ArchiveRow>& rows) {
    const auto done = run_task(archive().archive_put(table, rows));
    EXPECT_TRUE(done) << done.error().detail;
  }
  std::vector<ArchiveRow> page(ArchiveTable table, const ArchiveValue& after, int limit = kArchivePageMax) {
    auto rows = run_task(archive().archive_page(table, after, limit));
    EXPECT_TRUE(rows) << rows.error().detail;
    return rows.value_or(std::vector<ArchiveRow>{});
  }
  std::vector<ArchiveRow> all(ArchiveTable table) { return page(table, archive_start(table)); }

 private:
  std::unique_ptr<ArchiveSubject> subject_ = GetParam().make();

 protected:
  std::set<std::string> schema() { return subject_->schema(); }
};

TEST_P(CallArchiveContract, rows_come_back_as_they_were_put) {
  const std::string awkward = "\"'\\ {1,2} \xc3\xa9 \xf0\x9f\x8e\xa7\n\t%s $1 \\u0041";
  put(ArchiveTable::kBusinesses, {business("acme", awkward), business("globex")});
  put(ArchiveTable::kCalls, {call(1, "acme", awkward), call(9'000'000'000'000'000'000, "globex")});
  put(ArchiveTable::kRecordings, {recording(7, "acme", 1)});
  put(ArchiveTable::kApiKeys, {{number(3), {}, text(""), text("hash"), number(1), {}},
                               {number(4), text("acme"), text("night"), text("hash2"), number(1), number(2)}});
  put(ArchiveTable::kAudit, {{number(1), number(2), text("gone"), text("key:7"), text("play"), text("CA"), text("")}});
  EXPECT_EQ(all(ArchiveTable::kBusinesses), (std::vector{business("acme", awkward), business("globex")}));
  EXPECT_EQ(all(ArchiveTable::kCalls),
            (std::vector{call(1, "acme", awkward), call(9'000'000'000'000'000'000, "globex")}));
  EXPECT_EQ(all(ArchiveTable::kRecordings), std::vector<ArchiveRow>{recording(7, "acme", 1)});
  EXPECT_EQ(all(ArchiveTable::kApiKeys).size(), 2U);
  EXPECT_EQ(all(ArchiveTable::kApiKeys)[0], (ArchiveRow{number(3), {}, text(""), text("hash"), number(1), {}}));
  EXPECT_EQ(all(ArchiveTable::kAudit).size(), 1U);
}

TEST_P(CallArchiveContract, pages_are_in_the_order_of_keys_and_byte_by_byte) {
  put(ArchiveTable::kBusinesses, {business("b"), business("B"), business("a_"), business("a-"), business("10")});
  std::vector<std::string> ids;
  ArchiveValue after = archive_start(ArchiveTable::kBusinesses);
  while (true) {
    const auto rows = page(ArchiveTable::kBusinesses, after, 2);
    if (rows.empty()) break;
    EXPECT_LE(rows.size(), 2U);
    for (const ArchiveRow& row : rows) ids.push_back(std::get<std::string>(row.front()));
    after = rows.back().front();
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"10", "B", "a-", "a_", "b"}));
}

TEST_P(CallArchiveContract, putting_again_replaces) {
  put(ArchiveTable::kBusinesses, {business("acme")});
  put(ArchiveTable::kCalls, {call(1, "acme"), call(2, "acme")});
  put(ArchiveTable::kCalls, {call(2, "acme", "somebody else"), call(3, "acme")});
  EXPECT_EQ(all(ArchiveTable::kCalls),
            (std::vector{call(1, "acme"), call(2, "acme", "somebody else"), call(3, "acme")}));
  EXPECT_EQ(run_task(archive().archive_count(ArchiveTable::kCalls)).value_or(-1), 3);
}

TEST_P(CallArchiveContract, a_batch_with_a_row_that_refers_to_nothing_is_refused_whole) {
  put(ArchiveTable::kBusinesses, {business("acme")});
  const auto refused = run_task(archive().archive_put(ArchiveTable::kCalls, {call(1, "acme"), call(2, "nobody")}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kConflict);
  EXPECT_TRUE(all(ArchiveTable::kCalls).empty());
}

TEST_P(CallArchiveContract, removed_rows_are_gone_unless_others_refer_to_them) {
  put(ArchiveTable::kBusinesses, {business("acme"), business("globex")});
  put(ArchiveTable::kCalls, {call(1, "acme"), call(2, "acme")});
  const auto refused = run_task(archive().archive_remove(ArchiveTable::kBusinesses, {text("acme"), text("globex")}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kConflict);
  EXPECT_TRUE(run_task(archive().archive_remove(ArchiveTable::kCalls, {number(1), number(99)})));
  EXPECT_EQ(all(ArchiveTable::kCalls), std::vector<ArchiveRow>{call(2, "acme")});
  EXPECT_TRUE(run_task(archive().archive_remove(ArchiveTable::kBusinesses, {text("globex")})));
  EXPECT_EQ(all(ArchiveTable::kBusinesses), std::vector<ArchiveRow>{business("acme")});
}

TEST_P(CallArchiveContract, labels_are_kept_and_removed_and_the_copy_becomes_a_store_when_it_is_finished) {
  EXPECT_EQ(run_task(archive().archive_label(kCopyOfLabel)).value(), std::nullopt);
  ASSERT_TRUE(run_task(archive().put_archive_label(kStoreIdLabel, 5)));
  ASSERT_TRUE(run_task(archive().put_archive_label(kStoreIdLabel, 6)));
  ASSERT_TRUE(run_task(archive().put_archive_label(kCopyOfLabel, 7)));
  EXPECT_EQ(run_task(archive().archive_label(kStoreIdLabel)).value(), 6);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(run_task(archive().finish_archive()));
  EXPECT_EQ(run_task(archive().archive_label(kCopyOfLabel)).value(), std::nullopt);
  EXPECT_EQ(run_task(archive().archive_label(kCopiedLabel)).value(), 7);
  ASSERT_TRUE(run_task(archive().put_archive_label(kStoreIdLabel, std::nullopt)));
  EXPECT_EQ(run_task(archive().archive_label(kStoreIdLabel)).value(), std::nullopt);
}

/// Of those that have a schema of their own.
class CallArchiveSchema : public CallArchiveContract {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CallArchiveSchema);

TEST_P(CallArchiveSchema, every_column_is_carried_and_every_table_named) {
  const std::set<std::string> there = schema();
  ASSERT_FALSE(there.empty());
  std::set<std::string> carried;
  for (const ArchiveTable table : kArchiveTables) {
    const ArchiveShape shape = archive_shape(table);
    for (const ArchiveColumn& column : shape.columns) {
      carried.insert(std::string(shape.name) + "." + std::string(column.name));
    }
  }
  for (const std::string& name : there) {
    const std::string table = name.substr(0, name.find('.'));
    if (std::ranges::find(kArchiveLeftOut, table) != kArchiveLeftOut.end()) continue;
    EXPECT_TRUE(carried.contains(name)) << name << " is not in calls/ports/archive_shape.hpp";
  }
  for (const std::string& name : carried) EXPECT_TRUE(there.contains(name)) << name << " is not in the database";
}

}  // namespace tapedeck::contract

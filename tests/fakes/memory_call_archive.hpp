#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "calls/ports/call_archive.hpp"

namespace tapedeck {

/// Rows in memory, with the references of the schema: a call to its business, a recording to its call, a key to its
/// business. One thread only.
class MemoryCallArchive final : public CallArchive {
 public:
  /// What the next calls that change something fail with, while it is set.
  std::optional<Error> failing;
  /// Rows that were written, those that were there already included.
  std::int64_t rows_put = 0;
  /// Called after each page that was read: what others do meanwhile.
  std::function<void()> after_page;

  [[nodiscard]] Task<Result<std::vector<ArchiveRow>>> archive_page(ArchiveTable table, ArchiveValue after,
                                                                   int limit) override {
    std::vector<ArchiveRow> rows;
    const auto& all = tables_[table];
    for (auto row = all.upper_bound(after); row != all.end() && rows.size() < static_cast<std::size_t>(limit); ++row) {
      rows.push_back(row->second);
    }
    if (after_page) after_page();
    co_return rows;
  }
  [[nodiscard]] Task<Result<std::int64_t>> archive_count(ArchiveTable table) override {
    co_return static_cast<std::int64_t>(tables_[table].size());
  }
  [[nodiscard]] Task<Result<void>> archive_put(ArchiveTable table, std::vector<ArchiveRow> rows) override {
    if (failing) co_return fail(*failing);
    for (const ArchiveRow& row : rows) {
      if (!has_parent(table, row)) co_return fail(Errc::kConflict, "a row refers to nothing");
    }
    for (ArchiveRow& row : rows) put(table, std::move(row));
    co_return Result<void>{};
  }
  [[nodiscard]] Task<Result<void>> archive_remove(ArchiveTable table, std::vector<ArchiveValue> keys) override {
    if (failing) co_return fail(*failing);
    for (const ArchiveValue& key : keys) {
      if (has_children(table, key)) co_return fail(Errc::kConflict, "a row is referred to");
    }
    for (const ArchiveValue& key : keys) tables_[table].erase(key);
    co_return Result<void>{};
  }
  [[nodiscard]] Task<Result<std::optional<std::int64_t>>> archive_label(std::string name) override {
    const auto found = labels_.find(name);
    if (found == labels_.end()) co_return std::nullopt;
    co_return found->second;
  }
  [[nodiscard]] Task<Result<void>> put_archive_label(std::string name, std::optional<std::int64_t> value) override {
    labels_.erase(name);
    if (value) labels_[name] = *value;
    co_return Result<void>{};
  }
  [[nodiscard]] Task<Result<void>> finish_archive() override {
    const auto found = labels_.find(kCopyOfLabel);
    if (found == labels_.end()) co_return Result<void>{};
    labels_[kCopiedLabel] = found->second;
    labels_.erase(found);
    co_return Result<void>{};
  }
  [[nodiscard]] Task<Result<std::int64_t>> archive_users() override { co_return std::int64_t{0}; }

  void put(ArchiveTable table, ArchiveRow row) {
    ++rows_put;
    ArchiveValue key = row.front();
    tables_[table].insert_or_assign(std::move(key), std::move(row));
  }
  void erase(ArchiveTable table, const ArchiveValue& key) { tables_[table].erase(key); }
  [[nodiscard]] const std::map<ArchiveValue, ArchiveRow>& rows(ArchiveTable table) { return tables_[table]; }

 private:
  static constexpr std::size_t kCallBusiness = archive_column(ArchiveTable::kCalls, "business_id");
  static constexpr std::size_t kCallSid = archive_column(ArchiveTable::kCalls, "call_sid");
  static constexpr std::size_t kRecordingCall = archive_column(ArchiveTable::kRecordings, "call_sid");

  [[nodiscard]] bool has_parent(ArchiveTable table, const ArchiveRow& row) {
    if (table == ArchiveTable::kCalls) return tables_[ArchiveTable::kBusinesses].contains(row[kCallBusiness]);
    if (table != ArchiveTable::kRecordings) return true;
    for (const auto& [key, call] : tables_[ArchiveTable::kCalls]) {
      if (call[kCallSid] == row[kRecordingCall]) return true;
    }
    return false;
  }
  [[nodiscard]] bool has_children(ArchiveTable table, const ArchiveValue& key) {
    if (table == ArchiveTable::kBusinesses) {
      for (const auto& [id, call] : tables_[ArchiveTable::kCalls]) {
        if (call[kCallBusiness] == key) return true;
      }
    }
    if (table != ArchiveTable::kCalls || !tables_[table].contains(key)) return false;
    for (const auto& [id, recording] : tables_[ArchiveTable::kRecordings]) {
      if (recording[kRecordingCall] == tables_[table].at(key)[kCallSid]) return true;
    }
    return false;
  }

  std::map<ArchiveTable, std::map<ArchiveValue, ArchiveRow>> tables_;
  std::map<std::string, std::int64_t> labels_;
};

}  // namespace tapedeck

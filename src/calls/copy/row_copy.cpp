#include "calls/copy/row_copy.hpp"

#include <algorithm>
#include <utility>

#include "base/sha256_stream.hpp"

namespace tapedeck {
namespace {

// So that no two different rows are the same bytes: each value has its kind, and a text its length before it.
void append_number(std::string& bytes, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>((number >> shift) & 0xff);
}

std::string encode(const ArchiveRow& row) {
  std::string bytes;
  for (const ArchiveValue& value : row) {
    bytes += static_cast<char>('0' + value.index());
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      append_number(bytes, static_cast<std::uint64_t>(*number));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      append_number(bytes, text->size());
      bytes += *text;
    }
  }
  return bytes;
}

// A table's rows by key, one at a time.
class RowStream {
 public:
  RowStream(CallArchive& archive, ArchiveTable table) : pages_(archive, table) {}

  // To be called before head().
  Task<Result<void>> fill() {
    if (next_ < page_.size() || is_at_end_) co_return Result<void>{};
    auto page = co_await pages_.next();
    if (!page) co_return fail(page.error());
    page_ = std::move(*page);
    next_ = 0;
    is_at_end_ = page_.size() < static_cast<std::size_t>(kArchivePageMax);
    co_return Result<void>{};
  }
  // Null at the end.
  [[nodiscard]] const ArchiveRow* head() const { return next_ < page_.size() ? &page_[next_] : nullptr; }
  void pass() {
    digest_.update(encode(page_[next_]));
    ++next_;
  }
  [[nodiscard]] std::string digest() { return digest_.finish_hex(); }

 private:
  ArchivePages pages_;
  std::vector<ArchiveRow> page_;
  std::size_t next_ = 0;
  bool is_at_end_ = false;
  Sha256Stream digest_;
};

// While the source is being changed, a row can come before the row that it refers to; and a name can move to another
// row before the old one is removed. Such rows are left to the next pass, alone: the others of their batch are written.
Task<Result<void>> put_one_by_one(CallArchive& copy, std::vector<ArchiveRow> rows, TableOutcome& outcome) {
  for (ArchiveRow& row : rows) {
    std::vector<ArchiveRow> one;
    one.push_back(std::move(row));
    auto put = co_await copy.archive_put(outcome.table, std::move(one));
    if (put) continue;
    if (put.error().errc() != Errc::kConflict) co_return put;
    ++outcome.postponed;
    outcome.postponed_why = put.error().detail;
  }
  co_return Result<void>{};
}

Task<Result<void>> put_batch(CallArchive& copy, std::vector<ArchiveRow>& batch, TableOutcome& outcome) {
  if (batch.empty()) co_return Result<void>{};
  std::vector<ArchiveRow> rows = std::exchange(batch, {});
  outcome.copied += static_cast<std::int64_t>(rows.size());
  std::vector<ArchiveRow> all = rows;
  auto put = co_await copy.archive_put(outcome.table, std::move(all));
  if (!put && put.error().errc() == Errc::kConflict) put = co_await put_one_by_one(copy, std::move(rows), outcome);
  co_return put;
}

}  // namespace

Task<Result<std::vector<ArchiveRow>>> ArchivePages::next() {
  ArchiveValue after = after_;
  auto page = co_await archive_.archive_page(table_, std::move(after), kArchivePageMax);
  if (page && !page->empty()) after_ = page->back().front();
  co_return page;
}

Task<Result<TableOutcome>> copy_table(CallArchive& source, CallArchive& copy, ArchiveTable table, SurplusKeys& surplus,
                                      const CopyWatcher& watcher) {
  TableOutcome outcome;
  outcome.table = table;
  const auto count = co_await source.archive_count(table);
  CopyProgress progress{archive_shape(table).name, 0, count.value_or(0), 0};  // for the bar alone
  RowStream from(source, table);
  RowStream to(copy, table);
  std::vector<ArchiveRow> batch;
  while (true) {
    const auto filled = co_await from.fill();
    if (!filled) co_return fail(filled.error());
    const auto filled_copy = co_await to.fill();
    if (!filled_copy) co_return fail(filled_copy.error());
    const ArchiveRow* ours = from.head();
    const ArchiveRow* theirs = to.head();
    if (ours == nullptr && theirs == nullptr) break;
    const bool is_new = theirs == nullptr || (ours != nullptr && ours->front() < theirs->front());
    const bool is_surplus = !is_new && (ours == nullptr || theirs->front() < ours->front());
    if (is_surplus) {
      surplus.push_back(theirs->front());
      ++outcome.surplus;
      to.pass();
      continue;
    }
    if (is_new || *ours != *theirs) batch.push_back(*ours);
    if (!is_new) to.pass();
    from.pass();
    ++outcome.rows;
    if (batch.size() >= static_cast<std::size_t>(kArchivePageMax)) {
      const auto put = co_await put_batch(copy, batch, outcome);
      if (!put) co_return fail(put.error());
    }
    if (outcome.rows % kArchivePageMax != 0) continue;
    progress.done = outcome.rows;
    watcher(progress);
  }
  const auto put = co_await put_batch(copy, batch, outcome);
  if (!put) co_return fail(put.error());
  outcome.source_sha256 = from.digest();
  outcome.copy_sha256 = to.digest();
  progress.done = outcome.rows;
  progress.total = std::max(progress.total, outcome.rows);
  watcher(progress);
  co_return outcome;
}

Task<Result<void>> remove_rows(CallArchive& copy, ArchiveTable table, SurplusKeys keys) {
  for (std::size_t first = 0; first < keys.size(); first += kArchivePageMax) {
    const std::size_t last = std::min(keys.size(), first + static_cast<std::size_t>(kArchivePageMax));
    std::vector<ArchiveValue> some(keys.begin() + static_cast<std::ptrdiff_t>(first),
                                   keys.begin() + static_cast<std::ptrdiff_t>(last));
    const auto removed = co_await copy.archive_remove(table, std::move(some));
    if (!removed) co_return fail(removed.error());
  }
  co_return Result<void>{};
}

}  // namespace tapedeck

#include "calls/copy/migration.hpp"

#include <array>
#include <ranges>
#include <utility>

#include <fmt/format.h>

namespace tapedeck {
namespace {

constexpr std::size_t kTables = kArchiveTables.size();

Task<Result<std::int64_t>> store_id_of(CallArchive& rows, std::int64_t new_id) {
  const auto known = co_await rows.archive_label(kStoreIdLabel);
  if (!known) co_return fail(known.error());
  if (*known) co_return **known;
  const auto put = co_await rows.put_archive_label(kStoreIdLabel, new_id);
  if (!put) co_return fail(put.error());
  co_return new_id;
}

Task<Result<bool>> is_empty(CallArchive& copy) {
  for (const ArchiveTable table : kArchiveTables) {
    const auto page = co_await copy.archive_page(table, archive_start(table), 1);
    if (!page) co_return fail(page.error());
    if (!page->empty()) co_return false;
  }
  co_return true;
}

// Rows of the copy that the source does not have are removed, so the copy must be nobody else's.
Task<Result<void>> claim_copy(CallArchive& copy, std::int64_t store_id) {
  const auto copy_of = co_await copy.archive_label(kCopyOfLabel);
  if (!copy_of) co_return fail(copy_of.error());
  if (*copy_of && **copy_of == store_id) co_return Result<void>{};
  if (*copy_of) co_return fail(Errc::kConflict, "the target holds an unfinished copy of another store: name another");
  const auto copied = co_await copy.archive_label(kCopiedLabel);
  if (!copied) co_return fail(copied.error());
  if (*copied && **copied == store_id) {
    co_return fail(Errc::kConflict,
                   "the migration to this target was finished before: start the servers on it, or name another target");
  }
  const auto empty = co_await is_empty(copy);
  if (!empty) co_return fail(empty.error());
  if (!*empty)
    co_return fail(Errc::kConflict, "the target holds calls already, and is no copy of this store: name another");
  const auto claimed = co_await copy.put_archive_label(kCopyOfLabel, store_id);
  co_return claimed;
}

class Migration {
 public:
  Migration(MigrationRoute route, MigrationOptions options, const CopyWatcher& watcher)
      : route_(route), options_(options), watcher_(watcher) {}

  MigrationOutcome outcome;

  Task<Result<void>> begin() {
    if (route_.copy == nullptr) co_return Result<void>{};
    const auto store_id = co_await store_id_of(route_.rows, options_.new_store_id);
    if (!store_id) co_return fail(store_id.error());
    const auto claimed = co_await claim_copy(*route_.copy, *store_id);
    co_return claimed;
  }

  Task<Result<void>> pass() {
    ++outcome.passes;
    outcome.agrees = true;
    has_moved_ = false;
    if (route_.copy != nullptr) {
      const auto copied = co_await copy_rows();
      if (!copied) co_return fail(copied.error());
    }
    if (route_.blobs_copy != nullptr) {
      const auto copied = co_await copy_all_blobs();
      if (!copied) co_return fail(copied.error());
    }
    co_return Result<void>{};
  }

  // False: another pass would find what this one found.
  [[nodiscard]] bool has_moved() const { return has_moved_; }

  // With is_final and the last pass done.
  Task<Result<void>> finish() {
    const auto good = check();
    if (!good) co_return good;
    if (route_.copy != nullptr) {
      const auto finished = co_await route_.copy->finish_archive();
      if (!finished) co_return fail(finished.error());
    }
    outcome.finished = true;
    co_return Result<void>{};
  }

 private:
  Task<Result<void>> copy_rows() {
    outcome.tables.clear();
    std::array<SurplusKeys, kTables> surplus;
    for (std::size_t i = 0; i < kTables; ++i) {
      auto copied = co_await copy_table(route_.rows, *route_.copy, kArchiveTables[i], surplus[i], watcher_);
      if (!copied) co_return fail(copied.error().errc(), named(kArchiveTables[i], copied.error().detail));
      note(*copied);
      outcome.tables.push_back(std::move(*copied));
    }
    // What refers to others goes first.
    for (std::size_t i = kTables; i-- > 0;) {
      SurplusKeys keys = std::move(surplus[i]);
      const auto removed = co_await remove_rows(*route_.copy, kArchiveTables[i], std::move(keys));
      // A row that is still referred to goes in the next pass, after what refers to it.
      if (!removed && removed.error().errc() != Errc::kConflict) co_return fail(removed.error());
    }
    co_return Result<void>{};
  }

  static std::string named(ArchiveTable table, std::string_view what) {
    return fmt::format("table {}: {}", archive_shape(table).name, what);
  }

  void note(const TableOutcome& table) {
    outcome.rows_copied += table.copied - table.postponed;
    outcome.rows_removed += table.surplus;
    if (table.copied > 0 || table.surplus > 0) outcome.agrees = false;
    if (table.copied > table.postponed || table.surplus > 0) has_moved_ = true;
  }

  Task<Result<void>> copy_all_blobs() {
    const BlobRoute route{route_.rows, route_.rows, *route_.blobs, *route_.blobs_copy};
    auto copied = co_await copy_blobs(route, watcher_);
    if (!copied) co_return fail(copied.error());
    outcome.blobs_copied += copied->copied;
    if (copied->copied > 0 || copied->waveforms > 0 || copied->outdated > 0) {
      outcome.agrees = false;
      has_moved_ = true;
    }
    outcome.blobs = std::move(*copied);
    co_return Result<void>{};
  }

  [[nodiscard]] Result<void> check() const {
    for (const TableOutcome& table : outcome.tables) {
      if (table.postponed == 0) continue;
      return fail(Errc::kConflict, named(table.table, fmt::format("{} rows cannot be written: {}", table.postponed,
                                                                  table.postponed_why)));
    }
    if (!outcome.agrees) {
      return fail(Errc::kConflict, "the source goes on changing: stop every process that uses it, then try again");
    }
    const bool is_whole = !outcome.blobs || (outcome.blobs->damaged == 0 && outcome.blobs->missing == 0);
    if (is_whole || options_.leaves_damaged) return {};
    return fail(Errc::kConflict,
                fmt::format("{} recordings are missing in the source and {} are damaged, the first is {}: restore them "
                            "from a backup, or give --leave-damaged to go without them",
                            outcome.blobs->missing, outcome.blobs->damaged, outcome.blobs->named.front()));
  }

  const MigrationRoute route_;
  const MigrationOptions options_;
  const CopyWatcher& watcher_;
  bool has_moved_ = false;
};

}  // namespace

Task<Result<MigrationOutcome>> migrate(MigrationRoute route, MigrationOptions options, const CopyWatcher& watcher,
                                       const PassWatcher& pass_watcher) {
  Migration migration(route, options, watcher);
  const auto begun = co_await migration.begin();
  if (!begun) co_return fail(begun.error());
  const int passes_max = options.is_final ? kFinalPassesMax : kLivePassesMax;
  do {
    pass_watcher(migration.outcome.passes + 1);
    const auto passed = co_await migration.pass();
    if (!passed) co_return fail(passed.error());
  } while (migration.has_moved() && migration.outcome.passes < passes_max);
  if (options.is_final) {
    const auto finished = co_await migration.finish();
    if (!finished) co_return fail(finished.error());
  }
  co_return std::move(migration.outcome);
}

}  // namespace tapedeck

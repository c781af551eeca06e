#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "calls/ports/call_archive.hpp"

namespace tapedeck {

/// How far a part of a copy is. `done` counts rows, or blobs.
struct CopyProgress {
  std::string_view part;  ///< a table's name, or "blobs"
  std::int64_t done = 0;
  std::int64_t total = 0;  ///< 0: not known
  std::uint64_t bytes = 0;
};
/// Called often, on the loop of the copy; must not wait.
using CopyWatcher = std::function<void(const CopyProgress&)>;

/// One table, compared row by row with its copy.
struct TableOutcome {
  ArchiveTable table = ArchiveTable::kBusinesses;
  std::int64_t rows = 0;       ///< in the source
  std::int64_t copied = 0;     ///< rows that the copy did not have, or had with other values; 0: the copies agree
  std::int64_t surplus = 0;    ///< rows of the copy that the source no longer has
  std::int64_t postponed = 0;  ///< of `copied`, those that have to wait for others to come or go
  std::string postponed_why;   ///< of the last one
  // SHA-256 over the rows in the order of their keys, as they were read: equal exactly when nothing had to be done.
  std::string source_sha256;
  std::string copy_sha256;
};

/// A table's rows by key, a page at a time.
class ArchivePages {
 public:
  ArchivePages(CallArchive& archive, ArchiveTable table)
      : archive_(archive), table_(table), after_(archive_start(table)) {}

  /// At most kArchivePageMax rows; none: the last page was the last one. Errors: the archive's.
  [[nodiscard]] Task<Result<std::vector<ArchiveRow>>> next();

 private:
  CallArchive& archive_;
  const ArchiveTable table_;
  ArchiveValue after_;
};

/// Keys of rows that are to be removed from a copy, once what refers to them is gone.
using SurplusKeys = std::vector<ArchiveValue>;

/// Makes a table's copy like its source: walks through both by key, side by side, and writes what differs in batches.
/// So it needs no memory of an earlier run: what is there already is not written again, and a run that changes nothing
/// has compared every row. Rows that the source no longer has are named in `surplus`, not removed.
[[nodiscard]] Task<Result<TableOutcome>> copy_table(CallArchive& source, CallArchive& copy, ArchiveTable table,
                                                    SurplusKeys& surplus, const CopyWatcher& watcher);
/// Removes them, in batches.
[[nodiscard]] Task<Result<void>> remove_rows(CallArchive& copy, ArchiveTable table, SurplusKeys keys);

}  // namespace tapedeck

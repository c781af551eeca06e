#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "calls/ports/archive_shape.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// What a column holds: nothing, a number (0 or 1 for a boolean) or a text.
using ArchiveValue = std::variant<std::monostate, std::int64_t, std::string>;
/// In the order of its table's columns; the first is the key.
using ArchiveRow = std::vector<ArchiveValue>;

/// Most rows that are read or written at once.
inline constexpr int kArchivePageMax = 500;

/// Names of labels, which a store keeps beside its rows.
inline constexpr const char* kStoreIdLabel = "store_id";  ///< a number of its own, given when it is first copied
inline constexpr const char* kCopyOfLabel = "copy_of";    ///< the copy of that store, and not finished
inline constexpr const char* kCopiedLabel = "copied";     ///< was a copy of that store, and is finished

/// Before every key of a table.
[[nodiscard]] inline ArchiveValue archive_start(ArchiveTable table) {
  if (archive_shape(table).columns.front().kind == ArchiveKind::kText) return std::string();
  return std::numeric_limits<std::int64_t>::min();
}

/// A call store as rows, for a copy into another store. Each call store implements it beside CallStore; servers do not
/// use it. Rows pass as they are, without the application's rules. Thread-safe.
///
/// Errors are those of CallStore. After an error nothing has changed.
class CallArchive {
 public:
  virtual ~CallArchive() = default;

  /// Rows with a key above `after`, by ascending key (texts byte by byte), at most `limit` (1 to kArchivePageMax).
  [[nodiscard]] virtual Task<Result<std::vector<ArchiveRow>>> archive_page(ArchiveTable table, ArchiveValue after,
                                                                           int limit) = 0;
  /// O(rows).
  [[nodiscard]] virtual Task<Result<std::int64_t>> archive_count(ArchiveTable table) = 0;
  /// Inserts rows, or replaces those that have the same keys; all of them or none. At most kArchivePageMax rows with
  /// different keys. Error kConflict: a row that they refer to is missing, or another one has a name of theirs.
  [[nodiscard]] virtual Task<Result<void>> archive_put(ArchiveTable table, std::vector<ArchiveRow> rows) = 0;
  /// Removing what is not there succeeds. Error kConflict: another row refers to one of them.
  [[nodiscard]] virtual Task<Result<void>> archive_remove(ArchiveTable table, std::vector<ArchiveValue> keys) = 0;

  [[nodiscard]] virtual Task<Result<std::optional<std::int64_t>>> archive_label(std::string name) = 0;
  /// No value removes it.
  [[nodiscard]] virtual Task<Result<void>> put_archive_label(std::string name, std::optional<std::int64_t> value) = 0;
  /// Ends a copy, after the last archive_put(): the numbers that the store gives from now on come after those of its
  /// rows, and kCopyOfLabel becomes kCopiedLabel, so that servers may use the store. May be repeated.
  [[nodiscard]] virtual Task<Result<void>> finish_archive() = 0;
  /// Other sessions that have the store open. 0 if the store cannot tell; then the lock on DATA_DIR tells.
  [[nodiscard]] virtual Task<Result<std::int64_t>> archive_users() = 0;
};

}  // namespace tapedeck

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

/// What a column holds: nothing, a number (a truth is 0 or 1) or a text.
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

/// A call store as rows, to be carried to another one. Thread-safe. Implemented by each call store, beside CallStore,
/// and used by nothing that serves: rows go through as they are, and no rule of the application is asked.
///
/// Errors are those of CallStore. After an error nothing of that call was changed.
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
  /// After the last archive_put(): sees to it that what the store numbers from now on comes after the rows that it was
  /// given, makes kCopyOfLabel kCopiedLabel, and so lets servers use it. May be repeated.
  [[nodiscard]] virtual Task<Result<void>> finish_archive() = 0;
  /// Sessions of others that have the store open, as far as the store can tell; 0 where it cannot, and a lock on
  /// DATA_DIR tells.
  [[nodiscard]] virtual Task<Result<std::int64_t>> archive_users() = 0;
};

}  // namespace tapedeck

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/secret_box.hpp"
#include "calls/sql/sql_call_store.hpp"
#include "calls/sqlite/engine.hpp"

namespace tapedeck {

// Compiled in sqlite_call_store.cpp alone: it takes half a minute.
extern template class sql::SqlCallStore<sqlite::Engine>;

struct SqliteOptions {
  sqlite::DatabaseOptions database;
  sqlite::WriteQueueOptions writes;
  /// Threads that read, each with a connection.
  std::size_t readers = 2;
  /// Most reads that wait; more are refused with kUnavailable.
  std::size_t reads_queue_max = 10'000;
};

/// For metrics.
struct SqliteCounts {
  std::uint64_t commits = 0;  ///< transactions since the start
  std::size_t writes_queued = 0;
  std::size_t reads_queued = 0;
};

/// The call store in one SQLite file: a writer that shares its syncs (write_queue.hpp) and a few readers, on threads of
/// their own. Several processes may have the file open; each change waits its turn.
class SqliteCallStore final : public sql::SqlCallStore<sqlite::Engine> {
 public:
  /// Opens or makes the file, and brings its schema up to date. `secrets` must outlive the store. Errors: those of
  /// sqlite::Database::open() and sqlite::migrate(), with the path in the detail. Takes milliseconds, however large the
  /// file is.
  [[nodiscard]] static Result<std::unique_ptr<SqliteCallStore>> open(const std::string& path, const SecretBox& secrets,
                                                                     SqliteOptions options = {});

  Task<Result<std::int64_t>> archive_users() override;
  /// Reads one row. After a failed change it answers that failure at once, and tries a change meanwhile, so that the
  /// next call knows whether the store has recovered.
  Task<Result<void>> ping() override;

  /// Cheap. Thread-safe.
  [[nodiscard]] SqliteCounts counts() const;

 private:
  using SqlCallStore::SqlCallStore;
  void probe();
};

}  // namespace tapedeck

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "base/time.hpp"
#include "calls/sql/session.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace tapedeck::sqlite {

using sql::Parameter;
using sql::Rows;
using sql::Sql;
using sql::StorageFailure;

struct DatabaseOptions {
  /// How long to wait while another process writes.
  Milliseconds busy_timeout{5'000};
  /// Most pages of the file; 0: SQLite's own limit. For a full disk, in tests.
  int page_count_max = 0;
  bool query_only = false;
  /// SQLite's name for its file system layer; empty: the default. For faults, in tests.
  std::string vfs;
};

/// One connection: foreign keys on, WAL, synchronous=FULL, statements prepared once. One thread at a time.
class Database final : public sql::Session {
 public:
  /// Opens the file, or makes an empty one that only its owner can read. Errors: kIo, kReadOnly, kNoSpace; kCorrupt
  /// when it is not a database; kUnavailable when another process holds it for longer than busy_timeout.
  [[nodiscard]] static Result<Database> open(const std::string& path, const DatabaseOptions& options);

  std::int64_t change(Sql sql, std::span<const Parameter> parameters) override;
  /// Runs several statements that came with the program. Throws StorageFailure.
  void run_script(const char* script);

  /// Rows changed since the connection was opened, those of statements that were undone included.
  [[nodiscard]] std::int64_t total_changes() const;
  /// False also after SQLite rolled a transaction back by itself, as it does when the disk is full.
  [[nodiscard]] bool is_in_transaction() const;

  [[nodiscard]] int schema_version();
  void set_schema_version(int version);
  /// Pages of the write-ahead log after the last commit of this connection.
  [[nodiscard]] int wal_pages() const noexcept { return *wal_pages_; }
  /// Copies what it can of the write-ahead log into the file, without waiting for readers or the writer.
  /// Throws StorageFailure.
  void checkpoint();

  Database(Database&&) = default;
  Database& operator=(Database&&) = delete;
  ~Database() = default;

 private:
  struct CloseDatabase {
    void operator()(sqlite3* handle) const noexcept;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };
  class Statement final : public sql::Cursor {
   public:
    [[nodiscard]] bool next() override;
    [[nodiscard]] bool is_null(int column) const override;
    [[nodiscard]] std::int64_t integer(int column) const override;
    [[nodiscard]] bool boolean(int column) const override { return integer(column) != 0; }
    [[nodiscard]] std::string_view text(int column) const override;
    void close() noexcept override;
    void bind(int index, const Parameter& parameter);

    std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle;
  };

  Database();
  [[nodiscard]] sql::Cursor& start(Sql sql, std::span<const Parameter> parameters) override;
  [[nodiscard]] std::optional<std::int64_t> insert_one(Sql sql, std::span<const Parameter> parameters) override;
  [[nodiscard]] Statement& prepare(Sql sql);
  void configure(const DatabaseOptions& options);
  void enter_wal_mode(Milliseconds busy_timeout);

  // On the heap, so that SQLite's hooks can point at them while the Database moves.
  std::unique_ptr<int> wal_pages_ = std::make_unique<int>(0);
  std::unique_ptr<Milliseconds> busy_timeout_ = std::make_unique<Milliseconds>(0);
  std::unique_ptr<sqlite3, CloseDatabase> handle_;
  std::unordered_map<const char*, Statement> statements_;
};

}  // namespace tapedeck::sqlite

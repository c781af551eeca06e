#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/error.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace tapedeck::sqlite {

/// SQLite refused. Thrown inside this folder only, and turned into its Error where a job ends (write_queue.hpp,
/// read_pool.hpp): any statement can meet a full disk, and nothing between it and the end of the job can help.
class StorageFailure : public std::exception {
 public:
  explicit StorageFailure(Error error) : error_(std::move(error)) {}
  [[nodiscard]] const char* what() const noexcept override { return error_.detail.c_str(); }
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

/// The text of one statement. Only a literal makes one, so nothing from outside ever becomes part of a statement.
class Sql {
 public:
  consteval Sql(const char* literal) : text_(literal) {}  // NOLINT(google-explicit-constructor): reads as SQL
  [[nodiscard]] const char* text() const noexcept { return text_; }

 private:
  const char* text_;
};

/// A prepared statement with its parameters bound, in use until destroyed. Columns count from 0.
class Statement {
 public:
  Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Statement& operator=(Statement&&) = delete;
  /// Makes the statement ready for its next use.
  ~Statement();

  /// True: there is a row to read. Throws StorageFailure.
  [[nodiscard]] bool step();
  /// Steps to the end. Throws StorageFailure.
  void run();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] SystemTime time(int column) const { return SystemTime(Milliseconds(integer(column))); }

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_text(int index, std::string_view value);

  void bind(int index, std::nullopt_t) { bind_null(index); }
  void bind(int index, std::monostate) { bind_null(index); }
  void bind(int index, std::int64_t value) { bind_integer(index, value); }
  void bind(int index, int value) { bind_integer(index, value); }
  void bind(int index, bool value) { bind_integer(index, value ? 1 : 0); }
  void bind(int index, std::string_view value) { bind_text(index, value); }
  void bind(int index, const std::string& value) { bind_text(index, value); }
  void bind(int index, const char* value) { bind_text(index, value); }
  void bind(int index, SystemTime value) { bind_integer(index, value.time_since_epoch().count()); }
  template <class Kind>
  void bind(int index, const Id<Kind>& id) {
    bind_text(index, id.view());
  }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    } else {
      bind_null(index);
    }
  }
  template <class... Kinds>
  void bind(int index, const std::variant<Kinds...>& value) {
    std::visit([this, index](const auto& held) { bind(index, held); }, value);
  }

  sqlite3_stmt* handle_;
};

struct DatabaseOptions {
  /// How long to wait while another process writes.
  Milliseconds busy_timeout{5'000};
  /// Most pages of the file; 0: SQLite's own limit. A full disk, in tests.
  int page_count_max = 0;
  bool query_only = false;
  /// SQLite's name of the layer below it; empty: the default. Faults, in tests.
  std::string vfs;
};

/// One connection: foreign keys on, WAL, synchronous=FULL, statements prepared once. One thread at a time.
class Database {
 public:
  /// Opens the file, or makes an empty one that only its owner can read. Errors: kIo, kReadOnly, kNoSpace; kCorrupt
  /// when it is not a database; kUnavailable when another process holds it for longer than busy_timeout.
  [[nodiscard]] static Result<Database> open(const std::string& path, const DatabaseOptions& options);

  /// A statement ready to step, its parameters bound to ?1, ?2, ... in order. Throws StorageFailure.
  template <class... Values>
  [[nodiscard]] Statement query(Sql sql, const Values&... values) {
    Statement statement(prepare(sql));
    int index = 0;
    (statement.bind(++index, values), ...);
    return statement;
  }
  /// The same with as many parameters as `values` has. Throws StorageFailure.
  template <class Values>
  [[nodiscard]] Statement query_each(Sql sql, const Values& values) {
    Statement statement(prepare(sql));
    int index = 0;
    for (const auto& value : values) statement.bind(++index, value);
    return statement;
  }
  /// Runs a statement that answers nothing. Throws StorageFailure.
  template <class... Values>
  void run(Sql sql, const Values&... values) {
    query(sql, values...).run();
  }
  /// Runs several statements that came with the program. Throws StorageFailure.
  void run_script(const char* script);

  /// Rows changed by the last INSERT, UPDATE or DELETE.
  [[nodiscard]] std::int64_t changes() const;
  /// Rows changed since the connection was opened, those of statements that were undone included.
  [[nodiscard]] std::int64_t total_changes() const;
  [[nodiscard]] std::int64_t last_row_id() const;
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

 private:
  struct CloseDatabase {
    void operator()(sqlite3* handle) const noexcept;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };
  using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  Database() = default;
  [[nodiscard]] sqlite3_stmt* prepare(Sql sql);
  void configure(const DatabaseOptions& options);
  void enter_wal_mode(Milliseconds busy_timeout);

  // On the heap, so that SQLite's hooks can point at them while the Database moves.
  std::unique_ptr<int> wal_pages_ = std::make_unique<int>(0);
  std::unique_ptr<Milliseconds> busy_timeout_ = std::make_unique<Milliseconds>(0);
  std::unique_ptr<sqlite3, CloseDatabase> handle_;
  std::unordered_map<const char*, StatementHandle> statements_;
};

}  // namespace tapedeck::sqlite

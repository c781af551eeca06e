#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "calls/postgres/connection_string.hpp"
#include "calls/postgres/failure.hpp"
#include "calls/sql/session.hpp"

struct pg_conn;
struct pg_result;

namespace tapedeck::postgres {

using sql::Parameter;
using sql::Rows;
using sql::Sql;

/// Time limits. The server keeps the first two. The others are kept here, because a server may be frozen or gone.
struct DatabaseLimits {
  /// One statement (statement_timeout).
  Milliseconds statement_timeout{5'000};
  /// Waiting for a lock that another session holds (lock_timeout). Ours are held for milliseconds.
  Milliseconds lock_timeout{2'000};
  /// Connecting to one address, and logging in. Whole seconds, at least 2 (libpq, connect_timeout). Looking up a host's
  /// name is not limited.
  Seconds connect_timeout{3};
  /// From sending a statement to its answer: statement_timeout, and what the network may take. After that the
  /// connection is given up.
  Milliseconds answer_timeout{7'000};
};

/// One connection. Statements are prepared once, and their parameters bound. One thread at a time.
///
/// A statement outside of begin() and commit() is a transaction of its own: for reading, and for what may be repeated.
class Database final : public sql::Session {
 public:
  /// Connects, and sets what the session needs: limits, the schema, and a synchronous_commit under which COMMIT answers
  /// when the change is on the disk. Throws StorageFailure. Takes at most connect_timeout for each address, after the
  /// host's name has been looked up.
  Database(const ConnectionString& where, const DatabaseLimits& limits);

  std::int64_t change(Sql sql, std::span<const Parameter> parameters) override;
  /// query(), planned for these values: for a statement whose best plan depends on them. Throws StorageFailure.
  template <class... Values>
  [[nodiscard]] Rows query_once(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{sql::to_parameter(values)...};
    return Rows(start_once(sql, parameters));
  }
  /// Runs several statements that came with the program. Throws StorageFailure.
  void run_script(const char* script);

  /// READ COMMITTED, whatever the server's default is: each change locks the rows that it depends on. Throws
  /// StorageFailure.
  void begin();
  /// True when a row was inserted, changed or deleted since begin().
  [[nodiscard]] bool has_written() const noexcept { return has_written_; }
  /// Sends a last statement and COMMIT together, and waits for both, however long the server waits for its standbys (at
  /// most answer_timeout). Throws StorageFailure: with Remedy::kAsk when COMMIT may have been done; otherwise nothing
  /// was.
  template <class... Values>
  void commit_with(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{sql::to_parameter(values)...};
    commit_pipeline(sql, parameters);
  }
  void commit();
  /// Throws StorageFailure.
  void roll_back();
  [[nodiscard]] bool is_in_transaction() const;

  /// For statements that take as long as they take (migrations).
  void lift_limits();

  Database(Database&&) = delete;
  Database& operator=(Database&&) = delete;
  ~Database() = default;

 private:
  struct FinishConnection {
    void operator()(pg_conn* handle) const noexcept;
  };
  struct ClearResult {
    void operator()(pg_result* handle) const noexcept;
  };
  using ResultHandle = std::unique_ptr<pg_result, ClearResult>;
  using Deadline = std::chrono::steady_clock::time_point;

  /// A statement and what it answered last, all of it in memory.
  class Statement final : public sql::Cursor {
   public:
    [[nodiscard]] bool next() override;
    [[nodiscard]] bool is_null(int column) const override;
    [[nodiscard]] std::int64_t integer(int column) const override;
    [[nodiscard]] bool boolean(int column) const override { return text(column) == "t"; }
    [[nodiscard]] std::string_view text(int column) const override;
    void close() noexcept override { result.reset(); }
    void answer(ResultHandle rows);

    std::string text_of;  ///< in the dialect of PostgreSQL
    std::string name;     ///< as it was prepared; empty: it was not
    ResultHandle result;  ///< not null: the statement is in use

   private:
    int row_ = -1;
  };

  void set_up_session(const DatabaseLimits& limits);
  [[nodiscard]] sql::Cursor& start(Sql sql, std::span<const Parameter> parameters) override;
  [[nodiscard]] std::optional<std::int64_t> insert_one(Sql sql, std::span<const Parameter> parameters) override;
  [[nodiscard]] sql::Cursor& start_once(Sql sql, std::span<const Parameter> parameters);
  void commit_pipeline(Sql sql, std::span<const Parameter> parameters);
  [[nodiscard]] std::optional<StorageFailure> pipeline_outcome(Deadline until);
  [[nodiscard]] Statement& statement(Sql sql);
  [[nodiscard]] Statement& prepare(Sql sql, std::span<const Parameter> parameters);

  [[nodiscard]] Deadline deadline() const { return std::chrono::steady_clock::now() + answer_timeout_; }
  void sent(int accepted);
  void flush(Deadline until);
  void wait_for_socket(short events, Deadline until);
  [[nodiscard]] ResultHandle next_result(Deadline until);
  [[nodiscard]] ResultHandle only_result();
  void check(const pg_result* result);
  void count_rows(const pg_result* result);
  [[noreturn]] void lose(std::string_view why);

  ConnectionString where_;
  Milliseconds answer_timeout_;
  std::unique_ptr<pg_conn, FinishConnection> handle_;
  std::unordered_map<const char*, Statement> statements_;
  int names_given_ = 0;
  std::int64_t rows_changed_ = 0;
  bool has_written_ = false;
};

}  // namespace tapedeck::postgres

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "calls/postgres/connection_string.hpp"
#include "calls/postgres/failure.hpp"
#include "calls/postgres/parameter.hpp"
#include "calls/postgres/result_rows.hpp"

struct pg_conn;

namespace tapedeck::postgres {

/// How long PostgreSQL may take for what. The server keeps the first two; the others are ours, for a server that is
/// frozen or gone keeps nothing.
struct DatabaseLimits {
  /// One statement (statement_timeout).
  Milliseconds statement_timeout{5'000};
  /// Waiting for a lock that somebody else holds (lock_timeout). Ours are held for milliseconds.
  Milliseconds lock_timeout{2'000};
  /// Connecting to one address, and being let in. Whole seconds, at least 2 (libpq, connect_timeout).
  Seconds connect_timeout{3};
  /// From the sending of a statement to its answer, after which the connection is given up: statement_timeout and what
  /// the network may take.
  Milliseconds answer_timeout{7'000};
};

/// The text of one statement. Only a literal makes one, so nothing from outside ever becomes part of a statement.
class Sql {
 public:
  consteval Sql(const char* literal) : text_(literal) {}  // NOLINT(google-explicit-constructor): reads as SQL
  [[nodiscard]] const char* text() const noexcept { return text_; }

 private:
  const char* text_;
};

/// One connection. Statements are prepared once, and their parameters bound. One thread at a time.
///
/// A statement outside of begin() and commit() is a transaction of its own: for reading, and for what may be repeated.
class Database {
 public:
  /// Connects, and sets what the session needs: limits, the schema, and a synchronous_commit under which COMMIT answers
  /// when the change is on the disk. Throws StorageFailure. Takes at most connect_timeout for each address.
  Database(const ConnectionString& where, const DatabaseLimits& limits);

  /// Throws StorageFailure.
  template <class... Values>
  ResultRows query(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{to_parameter(values)...};
    return run_prepared(sql, parameters);
  }
  /// Planned for these values, for a statement whose best plan depends on them. Throws StorageFailure.
  template <class... Values>
  ResultRows query_once(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{to_parameter(values)...};
    return run_once(sql, parameters);
  }
  /// A statement that answers nothing: the number of rows that it inserted, changed or deleted. Throws StorageFailure.
  template <class... Values>
  std::int64_t run(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{to_parameter(values)...};
    (void)run_prepared(sql, parameters);
    return rows_changed_;
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
    const std::array<Parameter, sizeof...(Values)> parameters{to_parameter(values)...};
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
  using Deadline = std::chrono::steady_clock::time_point;

  void set_up_session(const DatabaseLimits& limits);
  [[nodiscard]] ResultRows run_prepared(Sql sql, std::span<const Parameter> parameters);
  [[nodiscard]] ResultRows run_once(Sql sql, std::span<const Parameter> parameters);
  void commit_pipeline(Sql sql, std::span<const Parameter> parameters);
  [[nodiscard]] std::optional<StorageFailure> pipeline_outcome(Deadline until);
  [[nodiscard]] const std::string& prepare(Sql sql, std::span<const Parameter> parameters);

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
  std::unordered_map<const char*, std::string> prepared_;
  std::int64_t rows_changed_ = 0;
  bool has_written_ = false;
};

}  // namespace tapedeck::postgres

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"
#include "calls/sql/dialect.hpp"
#include "calls/sql/failure.hpp"
#include "calls/sql/parameter.hpp"

namespace tapedeck::sql {

/// The text of one statement (dialect.hpp). Only the program's own text makes one, so nothing from outside ever becomes
/// part of a statement.
class Sql {
 public:
  consteval Sql(const char* literal) : text_(literal) {}  // NOLINT(google-explicit-constructor): reads as SQL
  /// A text that the program puts together from names of its own, and keeps until it ends.
  [[nodiscard]] static Sql composed(const std::string& text) { return Sql(text.c_str(), 0); }
  /// The same pointer for the same statement.
  [[nodiscard]] const char* text() const noexcept { return text_; }

 private:
  Sql(const char* text, int) : text_(text) {}

  const char* text_;
};

/// A statement that answers, as a database sees it. Columns count from 0.
class Cursor {
 public:
  [[nodiscard]] virtual bool next() = 0;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  /// 0 for NULL.
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  [[nodiscard]] virtual bool boolean(int column) const = 0;
  /// Empty for NULL. Until next() or close().
  [[nodiscard]] virtual std::string_view text(int column) const = 0;
  /// Makes the statement ready for its next use.
  virtual void close() noexcept = 0;

 protected:
  ~Cursor() = default;
};

/// The rows that a statement answers, one after the other. The statement is in use until this is destroyed. Its
/// functions throw StorageFailure.
class Rows {
 public:
  explicit Rows(Cursor& cursor) : cursor_(&cursor) {}
  Rows(Rows&& other) noexcept : cursor_(std::exchange(other.cursor_, nullptr)) {}
  Rows& operator=(Rows&&) = delete;
  ~Rows() {
    if (cursor_ != nullptr) cursor_->close();
  }

  /// Goes to the first row, or the next one. False: there is none.
  [[nodiscard]] bool next() { return cursor_->next(); }
  [[nodiscard]] bool is_null(int column) const { return cursor_->is_null(column); }
  [[nodiscard]] std::int64_t integer(int column) const { return cursor_->integer(column); }
  [[nodiscard]] bool boolean(int column) const { return cursor_->boolean(column); }
  [[nodiscard]] std::string_view view(int column) const { return cursor_->text(column); }
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  [[nodiscard]] SystemTime time(int column) const { return SystemTime(Milliseconds(integer(column))); }

 private:
  Cursor* cursor_;
};

/// A connection, within the caller's transaction. Statements are prepared once, and their parameters bound to ?1, ?2, …
/// in order. One thread at a time. A statement that reads must be done before another one writes. Throws
/// StorageFailure.
class Session {
 public:
  explicit Session(const Dialect& dialect) : dialect_(dialect) {}

  /// A statement that answers.
  template <class... Values>
  [[nodiscard]] Rows query(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{to_parameter(values)...};
    return Rows(start(sql, parameters));
  }
  /// A statement that answers nothing: the number of rows that it inserted, changed or deleted.
  template <class... Values>
  std::int64_t run(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{to_parameter(values)...};
    return change(sql, parameters);
  }
  /// An INSERT of at most one row, which ends with {returning_id}: the row's id, or none if it inserted nothing.
  template <class... Values>
  std::optional<std::int64_t> insert(Sql sql, const Values&... values) {
    const std::array<Parameter, sizeof...(Values)> parameters{to_parameter(values)...};
    return insert_one(sql, parameters);
  }
  virtual std::int64_t change(Sql sql, std::span<const Parameter> parameters) = 0;

  [[nodiscard]] const Dialect& dialect() const noexcept { return dialect_; }

 protected:
  ~Session() = default;
  Session(Session&&) = default;

 private:
  [[nodiscard]] virtual Cursor& start(Sql sql, std::span<const Parameter> parameters) = 0;
  [[nodiscard]] virtual std::optional<std::int64_t> insert_one(Sql sql, std::span<const Parameter> parameters) = 0;

  const Dialect& dialect_;
};

}  // namespace tapedeck::sql

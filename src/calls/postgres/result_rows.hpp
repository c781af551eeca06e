#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.hpp"

struct pg_result;

namespace tapedeck::postgres {

struct ClearResult {
  void operator()(pg_result* handle) const noexcept;
};
using ResultHandle = std::unique_ptr<pg_result, ClearResult>;

/// One row of ResultRows, which it must not outlive. Columns count from 0.
class Row {
 public:
  Row(const pg_result* result, int number) : result_(result), number_(number) {}

  [[nodiscard]] bool is_null(int column) const;
  /// 0 for NULL. Throws StorageFailure (kCorrupt) when the column holds no number.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool boolean(int column) const;
  [[nodiscard]] SystemTime time(int column) const { return SystemTime(Milliseconds(integer(column))); }

 private:
  const pg_result* result_;
  int number_;
};

/// What a statement answered, all of it in memory.
class ResultRows {
 public:
  class Iterator {
   public:
    Iterator(const pg_result* result, int number) : result_(result), number_(number) {}
    Row operator*() const { return {result_, number_}; }
    Iterator& operator++() {
      ++number_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const pg_result* result_;
    int number_;
  };

  explicit ResultRows(ResultHandle result) : result_(std::move(result)) {}

  [[nodiscard]] int size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] Row operator[](int number) const { return {result_.get(), number}; }
  [[nodiscard]] Row front() const { return {result_.get(), 0}; }
  [[nodiscard]] Iterator begin() const { return {result_.get(), 0}; }
  [[nodiscard]] Iterator end() const { return {result_.get(), size()}; }

 private:
  ResultHandle result_;
};

}  // namespace tapedeck::postgres

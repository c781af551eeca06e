#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tapedeck::redis {

/// An error that Redis answered: the first word is its kind ("NOSCRIPT", "MOVED", "ERR").
struct ReplyError {
  std::string message;
};

/// What Redis answers, without hiredis's types. Null is std::monostate; a status ("OK") is a string.
struct Reply {
  using Array = std::vector<Reply>;
  std::variant<std::monostate, std::int64_t, std::string, Array, ReplyError> value;

  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value); }
  [[nodiscard]] const std::int64_t* integer() const noexcept { return std::get_if<std::int64_t>(&value); }
  [[nodiscard]] const std::string* text() const noexcept { return std::get_if<std::string>(&value); }
  [[nodiscard]] const Array* array() const noexcept { return std::get_if<Array>(&value); }
  [[nodiscard]] const ReplyError* error() const noexcept { return std::get_if<ReplyError>(&value); }
};

}  // namespace tapedeck::redis

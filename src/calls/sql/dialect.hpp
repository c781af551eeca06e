#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tapedeck::sql {

/// A word in braces that stands for what the databases write differently.
struct Token {
  std::string_view name;
  std::string_view text;  ///< `*` in it stands for the token's argument
};

/// How a database writes its statements, which are worded once for all of them (ADR 0021): parameters as ?1, and what
/// is different as {token} or {token argument}.
struct Dialect {
  char placeholder = '?';
  std::span<const Token> tokens;
  /// {returning} makes an UPDATE answer the rows that it left.
  bool returns_changes = false;
  /// Many rows are inserted by one statement, from a JSON text.
  bool inserts_json = false;
};

/// `text` as the database reads it. Throws std::logic_error on a token that the dialect does not have.
[[nodiscard]] std::string in_dialect(const Dialect& dialect, std::string_view text);

}  // namespace tapedeck::sql

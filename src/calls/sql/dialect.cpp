#include "calls/sql/dialect.hpp"

#include <algorithm>
#include <stdexcept>

namespace tapedeck::sql {
namespace {

void append_token(std::string& statement, const Dialect& dialect, std::string_view token) {
  const std::size_t space = token.find(' ');
  const std::string_view name = token.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : token.substr(space + 1);
  const auto found = std::ranges::find(dialect.tokens, name, &Token::name);
  if (found == dialect.tokens.end()) throw std::logic_error("a statement has an unknown token: " + std::string(name));
  for (const char c : found->text) {
    if (c == '*') {
      statement += argument;
    } else {
      statement += c;
    }
  }
}

}  // namespace

std::string in_dialect(const Dialect& dialect, std::string_view text) {
  std::string statement;
  statement.reserve(text.size() + text.size() / 2);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '{') {
      const std::size_t end = text.find('}', at);
      append_token(statement, dialect, text.substr(at + 1, end - at - 1));
      at = end;
    } else {
      statement += text[at];
    }
  }
  std::ranges::replace(statement, '?', dialect.placeholder);
  return statement;
}

}  // namespace tapedeck::sql

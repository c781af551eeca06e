#include "domain/ids.hpp"

#include <algorithm>
#include <array>
#include <climits>

namespace tapedeck {
namespace {

// A table without branches, because a request parses a dozen ids of 34 characters.
constexpr std::array<bool, UCHAR_MAX + 1> kIsHex = [] {
  std::array<bool, UCHAR_MAX + 1> is_hex{};
  for (const char c : std::string_view("0123456789abcdefABCDEF")) is_hex[static_cast<unsigned char>(c)] = true;
  return is_hex;
}();

bool all_hex(std::string_view text) noexcept {
  bool all = true;
  for (const char c : text) all &= kIsHex[static_cast<unsigned char>(c)];
  return all;
}

bool is_business_char(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

}  // namespace

bool is_sid(std::string_view text, std::string_view prefix) noexcept {
  return text.size() == kIdGrammar.length && text.starts_with(prefix) && all_hex(text.substr(prefix.size()));
}

bool BusinessKind::is_valid(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kBusinessIdMaxLength && std::ranges::all_of(text, is_business_char);
}

}  // namespace tapedeck

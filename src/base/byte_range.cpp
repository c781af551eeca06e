#include "base/byte_range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace tapedeck {
namespace {

constexpr std::string_view kUnit = "bytes=";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Range units are case-insensitive (RFC 9110 §14.1).
bool has_byte_unit(std::string_view header) {
  return header.size() >= kUnit.size() &&
         std::equal(kUnit.begin(), kUnit.end(), header.begin(), [](char expected, char given) {
           return expected == (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given);
         });
}

// The only member of a comma-separated list; empty members do not count (RFC 9110 §5.6.1.2). Empty when there are
// several or none.
std::optional<std::string_view> only_member(std::string_view list) {
  std::optional<std::string_view> only;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view member = trim(list.substr(0, comma));
    if (!member.empty()) {
      if (only) return std::nullopt;
      only = member;
    }
    if (comma == std::string_view::npos) return only;
    list.remove_prefix(comma + 1);
  }
}

// The number of a run of digits. It saturates at the largest number, which lies beyond the end of any file.
std::optional<std::uint64_t> parse_number(std::string_view digits) {
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return parsed.ec == std::errc{} ? value : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

RangeDecision decide_range(std::string_view header, std::uint64_t size) noexcept {
  const RangeDecision whole{RangeDecision::Kind::kWhole, 0, size};
  const RangeDecision unsatisfiable{RangeDecision::Kind::kUnsatisfiable, 0, 0};
  if (!has_byte_unit(header)) return whole;
  const auto spec = only_member(header.substr(kUnit.size()));
  if (!spec) return whole;
  const std::size_t dash = spec->find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view after = spec->substr(dash + 1);

  if (dash == 0) {
    const auto suffix = parse_number(after);
    if (!suffix) return whole;
    if (*suffix == 0) return unsatisfiable;
    if (size == 0) return whole;  // satisfiable, but no Content-Range can express an empty part
    const std::uint64_t length = std::min(*suffix, size);
    return {RangeDecision::Kind::kPart, size - length, length};
  }

  const auto first = parse_number(spec->substr(0, dash));
  const auto last = after.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_number(after);
  if (!first || !last || *first > *last) return whole;
  if (*first >= size) return unsatisfiable;
  return {RangeDecision::Kind::kPart, *first, std::min(*last, size - 1) - *first + 1};
}

}  // namespace tapedeck

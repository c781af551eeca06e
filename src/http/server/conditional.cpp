#include "http/server/conditional.hpp"

#include <array>
#include <string>

#include <fmt/format.h>

namespace tapedeck {
namespace {

constexpr std::string_view kWeak = "W/";

enum class Comparison { kStrong, kWeakly };

// Takes one entity tag from the front of a list (RFC 9110 §8.8.3), after any commas. Nothing if the list does not go on
// with a tag.
std::optional<std::string_view> take_tag(std::string_view& list) {
  const std::size_t begin = list.find_first_not_of(" \t,");
  if (begin == std::string_view::npos) return std::nullopt;
  list.remove_prefix(begin);
  const std::size_t opening = list.starts_with(kWeak) ? kWeak.size() : 0;
  if (opening >= list.size() || list[opening] != '"') return std::nullopt;
  const std::size_t closing = list.find('"', opening + 1);
  if (closing == std::string_view::npos) return std::nullopt;
  const std::string_view tag = list.substr(0, closing + 1);
  list.remove_prefix(closing + 1);
  return tag;
}

bool lists_tag(std::string_view list, std::string_view etag, Comparison comparison) {
  if (list == "*") return true;
  while (auto tag = take_tag(list)) {
    if (tag->starts_with(kWeak)) {
      if (comparison == Comparison::kStrong) continue;
      tag->remove_prefix(kWeak.size());
    }
    if (*tag == etag) return true;
  }
  return false;
}

SystemTime to_second(SystemTime time) { return std::chrono::floor<Seconds>(time); }

// Two-digit years from 70 on are 19xx: RFC 850 dates come from before 2000.
int full_year(int two_digits) { return two_digits < 70 ? 2000 + two_digits : 1900 + two_digits; }

std::optional<SystemTime> parse_fixdate(std::string_view text) {
  if (!text.ends_with(" GMT")) return std::nullopt;
  const auto time = parse_rfc2822(text);
  if (!time) return std::nullopt;
  return *time;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<SystemTime> parse_rfc850(std::string_view text) {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view date = text.substr(comma + 2);
  constexpr std::size_t kLength = std::string_view("06-Nov-94 08:49:37 GMT").size();
  if (date.size() != kLength || date[2] != '-' || date[6] != '-' || date[7] < '0' || date[7] > '9' || date[8] < '0' ||
      date[8] > '9') {
    return std::nullopt;
  }
  const int year = full_year((date[7] - '0') * 10 + (date[8] - '0'));
  return parse_fixdate(fmt::format("{} {} {}{}", date.substr(0, 2), date.substr(3, 3), year, date.substr(9)));
}

// "Sun Nov  6 08:49:37 1994"
std::optional<SystemTime> parse_asctime(std::string_view text) {
  constexpr std::size_t kLength = std::string_view("Sun Nov  6 08:49:37 1994").size();
  if (text.size() != kLength || text[3] != ' ' || text[7] != ' ' || text[19] != ' ') return std::nullopt;
  const std::string_view day = text[8] == ' ' ? text.substr(9, 1) : text.substr(8, 2);
  return parse_fixdate(fmt::format("{} {} {} {} GMT", day, text.substr(4, 3), text.substr(20, 4), text.substr(11, 8)));
}

}  // namespace

std::optional<SystemTime> parse_http_date(std::string_view text) {
  if (const auto time = parse_fixdate(text)) return time;
  if (const auto time = parse_rfc850(text)) return time;
  return parse_asctime(text);
}

Precondition evaluate_conditions(const Conditions& conditions, const Validators& validators, bool safe) {
  const SystemTime modified = to_second(validators.last_modified);
  if (!conditions.if_match.empty()) {
    if (!lists_tag(conditions.if_match, validators.etag, Comparison::kStrong)) return Precondition::kFailed;
  } else if (!conditions.if_unmodified_since.empty()) {
    const auto since = parse_http_date(conditions.if_unmodified_since);
    if (since && modified > *since) return Precondition::kFailed;
  }
  if (!conditions.if_none_match.empty()) {
    if (!lists_tag(conditions.if_none_match, validators.etag, Comparison::kWeakly)) return Precondition::kProceed;
    return safe ? Precondition::kNotModified : Precondition::kFailed;
  }
  if (safe && !conditions.if_modified_since.empty()) {
    const auto since = parse_http_date(conditions.if_modified_since);
    if (since && modified <= *since) return Precondition::kNotModified;
  }
  return Precondition::kProceed;
}

bool range_applies(std::string_view if_range, const Validators& validators) {
  if (if_range.empty()) return true;
  if (if_range.front() == '"') return if_range == validators.etag;
  if (if_range.starts_with(kWeak)) return false;  // a range needs a strong comparison
  const auto date = parse_http_date(if_range);
  return date && *date == to_second(validators.last_modified);
}

}  // namespace tapedeck

#include "base/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace tapedeck {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Longest Retry-After that is read: a year.
constexpr std::int64_t kRetryAfterSecondsMax = 366LL * 24 * 3600;

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0;
};

// Reads fixed-width decimal fields and literal characters from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool number(int& out, std::size_t digits) {
    if (rest_.size() < digits) return false;
    const char* end = rest_.data() + digits;
    for (const char* p = rest_.data(); p != end; ++p) {
      if (*p < '0' || *p > '9') return false;
    }
    const auto parsed = std::from_chars(rest_.data(), end, out);
    rest_.remove_prefix(digits);
    return parsed.ec == std::errc{};
  }
  bool literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool any_of(std::string_view candidates) {
    if (rest_.empty() || candidates.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::optional<SystemTime> to_time(const Fields& f, minutes offset) {
  const std::chrono::year_month_day date{std::chrono::year{f.year}, std::chrono::month{static_cast<unsigned>(f.month)},
                                         std::chrono::day{static_cast<unsigned>(f.day)}};
  // A leap second (":60") counts as the first second of the next minute.
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) return std::nullopt;
  return SystemTime(std::chrono::sys_days{date}.time_since_epoch() + hours{f.hour} + minutes{f.minute} +
                    seconds{f.second} + Milliseconds{f.millisecond} - offset);
}

// "+0130", "+01:30", "-0000"
bool scan_offset(Scanner& scan, minutes& offset) {
  const bool negative = scan.rest().starts_with('-');
  int hour = 0;
  int minute = 0;
  if (!scan.any_of("+-") || !scan.number(hour, 2)) return false;
  (void)scan.literal(":");
  if (!scan.number(minute, 2) || hour > 23 || minute > 59) return false;
  offset = (hours{hour} + minutes{minute}) * (negative ? -1 : 1);
  return true;
}

bool scan_fraction(Scanner& scan, int& millisecond) {
  if (!scan.literal(".")) return true;
  int digits = 0;
  for (int digit = 0; scan.number(digit, 1); ++digits) {
    if (digits < 3) millisecond = millisecond * 10 + digit;
  }
  for (int i = digits; i < 3; ++i) millisecond *= 10;
  return digits > 0;
}

bool scan_month_name(Scanner& scan, int& month) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (scan.literal(kMonths[i])) {
      month = static_cast<int>(i) + 1;
      return true;
    }
  }
  return false;
}

void skip_weekday(Scanner& scan) {
  for (const std::string_view name : kWeekdays) {
    if (scan.literal(name)) {
      (void)scan.literal(",");
      (void)scan.literal(" ");
      return;
    }
  }
}

}  // namespace

std::string format_rfc3339(SystemTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) text += fmt::format(".{:03}", clock.subseconds().count());
  return text + "Z";
}

Result<SystemTime> parse_rfc3339(std::string_view text) {
  const auto refuse = [] { return fail(Errc::kInvalidArgument, "expected a time like 2026-11-23T12:00:00Z"); };
  Scanner scan(text);
  Fields f;
  if (!scan.number(f.year, 4) || !scan.literal("-") || !scan.number(f.month, 2) || !scan.literal("-") ||
      !scan.number(f.day, 2) || !scan.any_of("Tt ") || !scan.number(f.hour, 2) || !scan.literal(":") ||
      !scan.number(f.minute, 2) || !scan.literal(":") || !scan.number(f.second, 2) ||
      !scan_fraction(scan, f.millisecond)) {
    return refuse();
  }
  minutes offset{0};
  if (!scan.any_of("Zz") && !scan_offset(scan, offset)) return refuse();
  const auto time = to_time(f, offset);
  if (!scan.rest().empty() || !time) return refuse();
  return *time;
}

Result<SystemTime> parse_rfc2822(std::string_view text) {
  const auto refuse = [] {
    return fail(Errc::kInvalidArgument, "expected a date like Mon, 23 Nov 2026 12:00:00 +0000");
  };
  Scanner scan(text);
  Fields f;
  skip_weekday(scan);
  if (!scan.number(f.day, 2) && !scan.number(f.day, 1)) return refuse();
  if (!scan.literal(" ") || !scan_month_name(scan, f.month) || !scan.literal(" ") || !scan.number(f.year, 4) ||
      !scan.literal(" ") || !scan.number(f.hour, 2) || !scan.literal(":") || !scan.number(f.minute, 2) ||
      !scan.literal(":") || !scan.number(f.second, 2) || !scan.literal(" ")) {
    return refuse();
  }
  minutes offset{0};
  if (!scan.literal("GMT") && !scan.literal("UTC") && !scan_offset(scan, offset)) return refuse();
  const auto time = to_time(f, offset);
  if (!scan.rest().empty() || !time) return refuse();
  return *time;
}

std::string format_http_date(SystemTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<seconds>(time - day)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kWeekdays[std::chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::optional<Milliseconds> parse_retry_after(std::string_view value, SystemTime now) {
  const std::size_t first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  value = value.substr(first, value.find_last_not_of(" \t") - first + 1);

  if (std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    std::int64_t seconds = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (parsed.ec != std::errc{}) seconds = kRetryAfterSecondsMax;
    return Seconds{std::min(seconds, kRetryAfterSecondsMax)};
  }
  const Result<SystemTime> date = parse_rfc2822(value);
  if (!date) return std::nullopt;
  return std::clamp(*date - now, Milliseconds{0}, Milliseconds{Seconds{kRetryAfterSecondsMax}});
}

}  // namespace tapedeck

#include "cli/commands/time_argument.hpp"

#include <fmt/format.h>

namespace tapedeck {
namespace {

constexpr std::size_t kDayLength = 10;

}  // namespace

Result<SystemTime> parse_time_argument(std::string_view flag, const std::string& text) {
  const auto time = parse_rfc3339(text.size() == kDayLength ? text + "T00:00:00Z" : text);
  if (time) return *time;
  return fail(
      Errc::kInvalidArgument,
      fmt::format("{}: expected a day in UTC such as 2026-11-01, or a time such as 2026-11-01T12:00:00Z", flag));
}

}  // namespace tapedeck

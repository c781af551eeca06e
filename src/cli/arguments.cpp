#include "cli/arguments.hpp"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

constexpr std::size_t kDayLength = 10;

}  // namespace

Result<std::optional<SystemTime>> parse_time_argument(std::string_view flag, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(text->size() == kDayLength ? *text + "T00:00:00Z" : *text);
  if (time) return *time;
  return fail(
      Errc::kInvalidArgument,
      fmt::format("{}: expected a day in UTC such as 2026-11-01, or a time such as 2026-11-01T12:00:00Z", flag));
}

Result<Business> known_business(CallStore& calls, const std::string& id) {
  const auto parsed = BusinessId::parse(id);
  if (!parsed) return fail(parsed.error());
  auto found = run_task(calls.find_business(*parsed));
  if (!found) return fail(found.error());
  if (!*found) return std::unexpected(no_business(id));
  return std::move(**found);
}

Result<BusinessId> known_business_id(CallStore& calls, const std::optional<std::string>& id) {
  if (!id) return BusinessId();
  auto known = known_business(calls, *id);
  if (!known) return fail(known.error());
  return std::move(known->id);
}

Error no_business(std::string_view id) {
  return {Errc::kNotFound,
          fmt::format("there is no business {0}; see: tapedeck business list, or: tapedeck business add {0}", id)};
}

std::string command_actor() {
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? fmt::format("command:{}", user->pw_name) : fmt::format("command:{}", ::getuid());
}

}  // namespace tapedeck

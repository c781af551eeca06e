#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

namespace tapedeck {

/// A day ("2026-11-01": its first instant in UTC) or a time of RFC 3339. Error kInvalidArgument names the flag.
[[nodiscard]] Result<SystemTime> parse_time_argument(std::string_view flag, const std::string& text);

}  // namespace tapedeck

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tapedeck {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// Wall-clock time for records: UTC, in milliseconds.
using SystemTime = std::chrono::sys_time<Milliseconds>;
/// Time for waits and leases. Only differences have a meaning.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// "2026-11-23T12:00:00.250Z", or "…:00Z" when the milliseconds are zero (RFC 3339).
[[nodiscard]] std::string format_rfc3339(SystemTime time);
/// Accepts RFC 3339 with "Z" or an offset. Error kInvalidArgument says what is expected.
[[nodiscard]] Result<SystemTime> parse_rfc3339(std::string_view text);

/// Accepts dates of mail (RFC 2822) and of HTTP (RFC 9110 §5.6.7): "Mon, 23 Nov 2026 12:00:00 +0000" or "… GMT".
[[nodiscard]] Result<SystemTime> parse_rfc2822(std::string_view text);
/// "Mon, 23 Nov 2026 12:00:00 GMT" (RFC 9110 §5.6.7, IMF-fixdate).
[[nodiscard]] std::string format_http_date(SystemTime time);

/// Reads the value of a Retry-After header: seconds, or an HTTP date (RFC 9110 §10.2.3); a date in the past is zero.
/// Empty when it is neither. Values above a year read as a year.
[[nodiscard]] std::optional<Milliseconds> parse_retry_after(std::string_view value, SystemTime now);

}  // namespace tapedeck

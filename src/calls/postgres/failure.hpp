#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "calls/sql/failure.hpp"

namespace tapedeck::postgres {

using sql::Remedy;
using sql::StorageFailure;

/// How long a caller is asked to wait before it tries again.
inline constexpr std::chrono::milliseconds kRetryAfter{2'000};

/// kUnavailable, with kRetryAfter.
[[nodiscard]] Error unavailable(std::string detail);

/// What a refused statement means: `sqlstate` of five characters (PostgreSQL, appendix A), `message` its primary
/// message.
[[nodiscard]] StorageFailure failure_of(std::string_view sqlstate, std::string_view message);

/// What libpq says of a connection that could not be made, with how to mend it.
[[nodiscard]] StorageFailure connect_failure(std::string_view message);

}  // namespace tapedeck::postgres

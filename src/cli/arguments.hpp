#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "calls/ports/call_store.hpp"

// What several commands read from their arguments.

namespace tapedeck {

/// A UTC day ("2026-11-01" means its first instant) or a time (RFC 3339). Empty: the flag was not given. Error
/// kInvalidArgument names the flag.
[[nodiscard]] Result<std::optional<SystemTime>> parse_time_argument(std::string_view flag,
                                                                    const std::optional<std::string>& text);

/// The business with this id. Errors: kInvalidArgument, the text is no id; kNotFound, which says how to add it; the
/// call store's.
[[nodiscard]] Result<Business> known_business(CallStore& calls, const std::string& id);
/// The id that an option names; empty without the option. Errors as above.
[[nodiscard]] Result<BusinessId> known_business_id(CallStore& calls, const std::optional<std::string>& id);
[[nodiscard]] Error no_business(std::string_view id);

/// "command:USER", the user that runs this process, for the audit.
[[nodiscard]] std::string command_actor();

}  // namespace tapedeck

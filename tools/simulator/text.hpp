#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/form.hpp"
#include "base/time.hpp"

namespace tapedeck::simulator {

/// The fields as a query or an application/x-www-form-urlencoded body; a space becomes "%20".
[[nodiscard]] std::string write_form(const Form& form);

/// Twilio's dates: "Mon, 23 Nov 2026 12:00:00 +0000".
[[nodiscard]] std::string format_rfc2822(SystemTime time);

/// The parts between separators: at least one, which may be empty. The views live as long as the text.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace tapedeck::simulator

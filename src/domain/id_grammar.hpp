#pragma once

#include <cstddef>
#include <string_view>

namespace tapedeck {

/// What the ids of a provider look like: a prefix that tells the kind, then hexadecimal digits. Ids go into keys, paths
/// and URLs unchanged, so no grammar may allow other characters than letters, digits and "_".
struct IdGrammar {
  std::string_view account;
  std::string_view call;
  std::string_view recording;
  std::size_t length;  ///< characters of an id, the prefix included
};

/// Source: the patterns in Twilio's OpenAPI description, twilio_api_v2010.json.
inline constexpr IdGrammar kIdGrammar{.account = "AC", .call = "CA", .recording = "RE", .length = 34};

/// True for `prefix` and hexadecimal digits, kIdGrammar.length characters in all.
[[nodiscard]] bool is_sid(std::string_view text, std::string_view prefix) noexcept;

}  // namespace tapedeck

#pragma once

#include <string>
#include <string_view>

namespace tapedeck {

/// True for well-formed UTF-8 (RFC 3629) without control characters: text that may be stored, shown and put into JSON.
[[nodiscard]] bool is_clean_text(std::string_view text) noexcept;

/// The text without control characters, with ill-formed bytes replaced by U+FFFD, and cut between two characters to at
/// most `most` bytes: for outside text that must not be refused.
[[nodiscard]] std::string to_clean_text(std::string_view text, std::size_t most);

}  // namespace tapedeck

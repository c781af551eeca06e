#pragma once

#include <string>
#include <string_view>

namespace tapedeck {

/// The text that a search looks through, as kept in calls.search_text: both parties in lower case, then the digits of
/// each alone, so that a number is found however it was written. One a line.
[[nodiscard]] std::string search_text(std::string_view from, std::string_view to);

/// The two ways in which a search may occur within a search_text().
struct SearchNeedles {
  std::string text;    ///< in lower case; empty: everything matches
  std::string digits;  ///< of a search that looks like part of a number but has more than digits; else empty
};
[[nodiscard]] SearchNeedles search_needles(std::string_view search);

}  // namespace tapedeck

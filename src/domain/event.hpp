#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/ids.hpp"

namespace tapedeck {

enum class Severity { kDebug, kInfo, kWarning, kError };
[[nodiscard]] std::string_view severity_name(Severity severity) noexcept;

/// One outcome, for the log and the metrics. The constructors of domain/events.hpp make events.
///
/// The text format is `glyph name field=value ...` on one line, with values escaped where necessary. JSON is an object
/// with the same fields. A "sid" is shortened in text (short_sid()) and whole in JSON. Fields never hold secrets or
/// whole phone numbers.
struct Event {
  using Value = std::variant<std::string, std::int64_t, double, bool>;
  struct Field {
    std::string_view name;  ///< a literal
    Value value;
  };

  Severity severity = Severity::kInfo;
  std::string_view glyph;  ///< a literal, or empty
  std::string_view name;   ///< a literal: "RECORDING_ENQUEUE", "SERVER_READY"
  std::vector<Field> fields;
};

/// Characters of a SID that the text log shows.
inline constexpr std::size_t kShortSidLength = 8;
/// "CA1xxxxx..."
[[nodiscard]] std::string short_sid(std::string_view sid);

/// The event as a line of text, without the line feed. It escapes control characters, quotes and spaces in values, so
/// that a line stays one line and a field one field.
[[nodiscard]] std::string format_text(const Event& event);

}  // namespace tapedeck

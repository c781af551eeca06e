#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace tapedeck {

/// A place in a list sorted by time and row.
struct CursorPlace {
  SystemTime time;
  std::int64_t row_id = 0;
  friend bool operator==(const CursorPlace&, const CursorPlace&) = default;
};

/// The place as an opaque text for URLs (base64url). It holds no secret; its checksum only detects a cut or mistyped
/// cursor.
[[nodiscard]] std::string format_cursor(const CursorPlace& place);
/// Error kInvalidArgument for a text that format_cursor() did not make.
[[nodiscard]] Result<CursorPlace> parse_cursor(std::string_view text);

}  // namespace tapedeck

#pragma once

#include <cstdint>
#include <string_view>

namespace tapedeck {

/// The answer to a Range header.
struct RangeDecision {
  enum class Kind {
    kWhole,          ///< no range, or one that is ignored: 200
    kPart,           ///< 206 with [first, first + length)
    kUnsatisfiable,  ///< 416
  };
  Kind kind = Kind::kWhole;
  std::uint64_t first = 0;   ///< bytes; of kPart and kWhole
  std::uint64_t length = 0;  ///< bytes; of kPart (never 0) and kWhole
  friend bool operator==(const RangeDecision&, const RangeDecision&) = default;
};

/// Decides on a Range header (empty: absent) for a representation of `size` bytes (RFC 9110 §14.1.2, §14.2).
///
/// It understands one range: `a-b` (b is clamped), `a-`, `-n`. It ignores several ranges, other units and malformed
/// headers, as §14.2 allows: the answer is the whole. A number beyond 64 bits lies beyond the end.
[[nodiscard]] RangeDecision decide_range(std::string_view header, std::uint64_t size) noexcept;

}  // namespace tapedeck

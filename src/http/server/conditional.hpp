#pragma once

#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace tapedeck {

/// The conditional headers of a request; empty where absent. Several lines of a list are joined by commas.
struct Conditions {
  std::string_view if_match = {};
  std::string_view if_none_match = {};
  std::string_view if_modified_since = {};
  std::string_view if_unmodified_since = {};
  std::string_view if_range = {};
};

/// What identifies the stored representation.
struct Validators {
  std::string_view etag;  ///< strong, with its quotes
  SystemTime last_modified;
};

enum class Precondition {
  kProceed,
  kNotModified,  ///< 304
  kFailed,       ///< 412
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110 §13.2.2, for
/// a representation that exists. `safe`: the method is GET or HEAD. Unreadable dates are ignored.
[[nodiscard]] Precondition evaluate_conditions(const Conditions& conditions, const Validators& validators, bool safe);

/// True if the Range of the request applies (RFC 9110 §13.1.5): If-Range is absent, or holds the strong ETag or exactly
/// the date of Last-Modified.
[[nodiscard]] bool range_applies(std::string_view if_range, const Validators& validators);

/// The three forms of RFC 9110 §5.6.7: IMF-fixdate, RFC 850 and asctime. To the second.
[[nodiscard]] std::optional<SystemTime> parse_http_date(std::string_view text);

}  // namespace tapedeck

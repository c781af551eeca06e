#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tapedeck {

/// Longest accepted URL; presigned ones are long.
inline constexpr std::size_t kUrlMaxLength = 8192;

/// The server of a URL.
struct Endpoint {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; an IPv6 address without brackets
  int port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "https://api.twilio.com", "http://127.0.0.1:9000"; for people.
[[nodiscard]] std::string endpoint_text(const Endpoint& endpoint);

/// An absolute http or https URL as libcurl reads it: `text` is libcurl's own spelling, so the checked host is the one
/// that is connected to.
struct Url {
  std::string text;
  Endpoint endpoint;
};

/// Error kInvalidArgument for anything but an absolute http(s) URL of printable ASCII without user, password and
/// backslash, of at most kUrlMaxLength.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// `location` as a redirect's target, relative to `current` (RFC 3986 §5). Errors as parse_url().
[[nodiscard]] Result<Url> resolve_url(const Url& current, std::string_view location);

}  // namespace tapedeck

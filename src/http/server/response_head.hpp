#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "http/server/message.hpp"

namespace tapedeck::http {

/// The Server and Date lines, rebuilt once a second. Each loop has its own.
class DateLine {
 public:
  /// "Server: tapedeck\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
  [[nodiscard]] std::string_view text();

 private:
  std::time_t second_ = -1;
  std::string text_;
};

/// How a response is sent; the server decides it, not the handler.
struct ResponseFraming {
  bool keep_alive = true;
  bool http_1_0 = false;
  bool head_only = false;  ///< the request was a HEAD
};

/// 204 and 304 have no body and no Content-Length (RFC 9110 §8.6, §15.4.5).
[[nodiscard]] constexpr bool has_content(unsigned status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

/// Bytes of the response's body, whether or not they are sent.
[[nodiscard]] std::uint64_t content_length(const Response& response) noexcept;

/// Appends status line, fields and the empty line. Control characters in a field's value become spaces, so that no
/// value can begin another field.
void append_head(std::string& out, const Response& response, const ResponseFraming& framing, DateLine& date);

}  // namespace tapedeck::http

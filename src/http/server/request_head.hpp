#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include "http/server/limits.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// Why a request is refused before any handler sees it. The connection closes after it, because the next request may
/// not begin where we think it does.
struct Refusal {
  unsigned status = 400;
  std::string_view detail;  ///< a sentence; a literal
};

/// Finds the end of a head in bytes that arrive piecemeal. Refuses early what no head may contain: a line that ends
/// without CR, a CR elsewhere, a folded line (RFC 9112 §2.2, §5.2), and whatever exceeds a limit.
class HeadScanner {
 public:
  explicit HeadScanner(const Limits& limits) : limits_(&limits) {}

  struct Scan {
    std::optional<std::size_t> end;  ///< where the body begins, once the head is complete
    std::optional<Refusal> refusal;
  };
  /// `bytes`: everything since the head's first byte. Bytes of earlier calls are not scanned again.
  [[nodiscard]] Scan scan(std::string_view bytes);

 private:
  [[nodiscard]] Scan too_large() const;

  const Limits* limits_;
  std::size_t line_begin_ = 0;
  std::size_t scanned_ = 0;
  std::size_t lines_ = 0;
};

/// A head that may be answered.
struct RequestHead {
  boost::beast::http::request<boost::beast::http::empty_body> message;
  std::string_view path_and_query;  ///< of the message's target
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool http_1_0 = false;

  [[nodiscard]] bool has_body() const noexcept { return chunked || content_length > 0; }
};

/// Parses a complete head into `out`, which its views refer to. Refuses whatever two parsers could read differently:
/// any doubt about the end of the body (RFC 9112 §6.1, §6.3) or about the host (§3.2).
[[nodiscard]] std::optional<Refusal> parse_head(std::string_view head, const Limits& limits, RequestHead& out);

/// The answer to a refused request: application/problem+json (RFC 9457).
[[nodiscard]] Response refusal_response(const Refusal& refusal);

/// "Not Found"; "Unknown" for a status that the server does not send.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace tapedeck::http

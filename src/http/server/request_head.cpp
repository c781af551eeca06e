#include "http/server/request_head.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

namespace tapedeck::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

using HeadParser = beast::http::request_parser<beast::http::empty_body>;

std::string_view to_view(beast::string_view text) { return {text.data(), text.size()}; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

Refusal refusal_of(const beast::error_code& failure) {
  using beast::http::error;
  if (failure == error::bad_version) return {505, "Only HTTP/1.0 and HTTP/1.1 are supported."};
  if (failure == error::bad_method) return {400, "The request line does not begin with a method."};
  if (failure == error::bad_target) return {400, "The request target is malformed."};
  if (failure == error::bad_content_length || failure == error::multiple_content_length) {
    return {400, "Content-Length must be one decimal number, without Transfer-Encoding."};
  }
  if (failure == error::bad_transfer_encoding) {
    return {400, "Transfer-Encoding must be exactly \"chunked\", without Content-Length."};
  }
  if (failure == error::header_limit) return {431, "The request's header is too large."};
  return {400, "The request's header is malformed."};
}

// A body is framed in one way, stated once.
std::optional<Refusal> check_framing(RequestHead& head) {
  const auto& fields = head.message.base();
  const std::size_t codings = fields.count(field::transfer_encoding);
  const std::size_t lengths = fields.count(field::content_length);
  if (codings > 0) {
    if (lengths > 0) return Refusal{400, "Transfer-Encoding and Content-Length exclude each other."};
    if (head.http_1_0) return Refusal{400, "HTTP/1.0 has no Transfer-Encoding."};
    if (codings > 1 || !equals_ignoring_case(to_view(fields[field::transfer_encoding]), "chunked")) {
      return Refusal{400, "Transfer-Encoding must be exactly \"chunked\"."};
    }
    head.chunked = true;
  }
  // Beast accepts "5, 5" and a repeated equal length as one length; another server may not.
  if (lengths > 1 || to_view(fields[field::content_length]).find(',') != std::string_view::npos) {
    return Refusal{400, "Content-Length must be given once."};
  }
  return std::nullopt;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~!$&'()*+;=%:[]").find(c) != std::string_view::npos;
}

// The Host field and the target (RFC 9112 §3.2, §3.3).
std::optional<Refusal> check_address(RequestHead& head) {
  const auto& fields = head.message.base();
  const std::size_t hosts = fields.count(field::host);
  if (hosts > 1 || (hosts == 0 && !head.http_1_0)) return Refusal{400, "Exactly one Host header is expected."};
  const std::string_view host = to_view(fields[field::host]);
  if (!std::all_of(host.begin(), host.end(), is_host_character)) return Refusal{400, "The Host header is malformed."};

  std::string_view target = to_view(head.message.target());
  const auto is_odd = [](char c) { return c <= ' ' || c >= '\x7f' || c == '#'; };
  if (std::any_of(target.begin(), target.end(), is_odd)) {
    return Refusal{400, "The request target holds characters that must be percent-encoded."};
  }
  if (target == "*" && head.message.method() == beast::http::verb::options) {
    head.path_and_query = target;
    return std::nullopt;
  }
  if (!target.starts_with('/')) {
    const std::size_t scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return Refusal{400, "The request target must begin with a slash."};
    const std::string_view scheme = target.substr(0, scheme_end);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
      return Refusal{400, "The request target's scheme is neither http nor https."};
    }
    target.remove_prefix(scheme_end + 3);
    const std::size_t authority_end = target.find_first_of("/?");
    if (!equals_ignoring_case(target.substr(0, authority_end), host)) {
      return Refusal{400, "The host of the request target differs from the Host header."};
    }
    target = authority_end == std::string_view::npos ? "/" : target.substr(authority_end);
    if (target.starts_with('?')) return Refusal{400, "The request target has no path."};
  }
  head.path_and_query = target;
  return std::nullopt;
}

// Two parties that each take another of two values would see two requests.
std::optional<Refusal> check_singletons(const RequestHead& head) {
  if (head.message.count(field::authorization) > 1) return Refusal{400, "Authorization must be given once."};
  if (head.message.count(field::content_type) > 1) return Refusal{400, "Content-Type must be given once."};
  return std::nullopt;
}

std::optional<Refusal> check_expectation(RequestHead& head) {
  const std::string_view expectation = to_view(head.message[field::expect]);
  if (expectation.empty() || head.http_1_0) return std::nullopt;
  if (!equals_ignoring_case(expectation, "100-continue"))
    return Refusal{417, "Expect: only 100-continue is supported."};
  head.expects_continue = true;
  return std::nullopt;
}

}  // namespace

HeadScanner::Scan HeadScanner::too_large() const {
  if (lines_ == 0) return {std::nullopt, Refusal{414, "The request target is too long."}};
  return {std::nullopt, Refusal{431, "The request's header is too large."}};
}

HeadScanner::Scan HeadScanner::scan(std::string_view bytes) {
  // The longest request line: method, target, version and the spaces between them.
  constexpr std::size_t kAroundTarget = 32;
  const std::string_view limited = bytes.substr(0, limits_->header_bytes);
  while (true) {
    const std::size_t feed = limited.find('\n', scanned_);
    const std::size_t line_end = feed == std::string_view::npos ? limited.size() : feed;
    if (lines_ == 0 && line_end - line_begin_ > limits_->target_bytes + kAroundTarget) return too_large();
    const std::size_t carriage = limited.substr(0, line_end).find('\r', scanned_);
    if (carriage != std::string_view::npos && carriage + 1 < line_end) {
      return {std::nullopt, Refusal{400, "A header line contains a stray CR."}};
    }
    if (feed == std::string_view::npos) {
      scanned_ = carriage == std::string_view::npos ? limited.size() : carriage;
      if (bytes.size() >= limits_->header_bytes) return too_large();
      return {};
    }
    if (carriage == std::string_view::npos) {
      return {std::nullopt, Refusal{400, "Header lines must end with CR and LF."}};
    }
    if (lines_ > 0 && (limited[line_begin_] == ' ' || limited[line_begin_] == '\t')) {
      return {std::nullopt, Refusal{400, "A header field must not continue on the next line."}};
    }
    if (feed == line_begin_ + 1) return {feed + 1, std::nullopt};
    if (++lines_ > limits_->header_fields + 1) return too_large();
    line_begin_ = scanned_ = feed + 1;
  }
}

std::optional<Refusal> parse_head(std::string_view bytes, const Limits& limits, RequestHead& out) {
  HeadParser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser.body_limit(boost::none);  // the body is read, and limited, elsewhere
  beast::error_code error;
  (void)parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (!parser.is_header_done()) {
    return error ? refusal_of(error) : Refusal{400, "The request's header is malformed."};
  }
  // A complete head that announces a body may end in need_more.
  if (error && error != beast::http::error::need_more) return refusal_of(error);

  out.content_length = parser.content_length().value_or(0);
  out.keep_alive = parser.keep_alive();
  out.message = parser.release();
  out.http_1_0 = out.message.version() == 10;
  out.chunked = false;
  out.expects_continue = false;
  if (auto refusal = check_framing(out)) return refusal;
  if (to_view(out.message.target()).size() > limits.target_bytes) {
    return Refusal{414, "The request target is too long."};
  }
  if (out.message.method() == beast::http::verb::connect) return Refusal{501, "CONNECT is not supported."};
  if (auto refusal = check_address(out)) return refusal;
  if (auto refusal = check_singletons(out)) return refusal;
  if (auto refusal = check_expectation(out)) return refusal;
  if (out.content_length > limits.body_bytes) return Refusal{413, "The request's body is too large."};
  return std::nullopt;
}

std::string_view reason_phrase(unsigned status) noexcept {
  const auto known = beast::http::int_to_status(status);
  if (known == beast::http::status::unknown) return "Unknown";
  return to_view(beast::http::obsolete_reason(known));
}

Response refusal_response(const Refusal& refusal) {
  Response response;
  response.status = refusal.status;
  response.headers.emplace_back("Content-Type", "application/problem+json");
  std::string detail(refusal.detail);
  for (std::size_t quote = detail.find('"'); quote != std::string::npos; quote = detail.find('"', quote + 2)) {
    detail.insert(quote, 1, '\\');
  }
  response.body = fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}"}})",
                              reason_phrase(refusal.status), refusal.status, detail);
  return response;
}

}  // namespace tapedeck::http

#include "http/server/response_head.hpp"

#include <array>
#include <charconv>

#include "base/time.hpp"
#include "http/server/request_head.hpp"

namespace tapedeck::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_status_line(std::string& out, unsigned status) {
  switch (status) {
    case 200: out.append("HTTP/1.1 200 OK\r\n"); return;
    case 206: out.append("HTTP/1.1 206 Partial Content\r\n"); return;
    default: break;
  }
  out.append("HTTP/1.1 ");
  append_number(out, status);
  out.append(" ");
  out.append(reason_phrase(status));
  out.append("\r\n");
}

bool is_control(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  const std::size_t begin = out.size();
  out.append(value);
  for (std::size_t i = begin; i < out.size(); ++i) {
    if (is_control(out[i])) out[i] = ' ';
  }
  out.append("\r\n");
}

}  // namespace

std::string_view DateLine::text() {
  ::timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != second_) {
    second_ = now.tv_sec;
    text_ = "Server: tapedeck\r\nDate: " + format_http_date(SystemTime(Seconds(now.tv_sec))) + "\r\n";
  }
  return text_;
}

std::uint64_t content_length(const Response& response) noexcept {
  if (const auto* text = std::get_if<std::string>(&response.body)) return text->size();
  if (const auto* bytes = std::get_if<StaticBody>(&response.body)) return bytes->bytes.size();
  return std::get<BlobBody>(response.body).length;
}

void append_head(std::string& out, const Response& response, const ResponseFraming& framing, DateLine& date) {
  append_status_line(out, response.status);
  out.append(date.text());
  if (has_content(response.status)) {
    out.append("Content-Length: ");
    append_number(out, content_length(response));
    out.append("\r\n");
  }
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  out.append("\r\n");
}

}  // namespace tapedeck::http

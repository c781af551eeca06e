#include "curl/url.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace tapedeck {
namespace {

struct FreeHandle {
  void operator()(CURLU* handle) const noexcept { curl_url_cleanup(handle); }
};
using Handle = std::unique_ptr<CURLU, FreeHandle>;

std::unexpected<Error> refuse() {
  return fail(Errc::kInvalidArgument, "expected an http or https URL like https://api.twilio.com");
}

// Control characters, spaces, backslashes and anything beyond ASCII are read differently by different parsers.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kUrlMaxLength &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F' && c != '\\'; });
}

std::string part_of(const Handle& handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

Result<Url> read(const Handle& handle) {
  Url url;
  url.endpoint.scheme = lower(part_of(handle, CURLUPART_SCHEME));
  if (url.endpoint.scheme != "http" && url.endpoint.scheme != "https") return refuse();
  url.endpoint.host = lower(part_of(handle, CURLUPART_HOST));
  if (url.endpoint.host.starts_with('[') && url.endpoint.host.ends_with(']')) {
    url.endpoint.host = url.endpoint.host.substr(1, url.endpoint.host.size() - 2);
  }
  // libcurl keeps a zone ("fe80::1%eth0") apart from the host; it is refused.
  if (url.endpoint.host.empty() || !part_of(handle, CURLUPART_ZONEID).empty()) return refuse();
  const std::string port = part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (std::from_chars(port.data(), port.data() + port.size(), url.endpoint.port).ec != std::errc{}) return refuse();
  // A fragment is not for the server.
  if (curl_url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0) != CURLUE_OK) return refuse();
  url.text = part_of(handle, CURLUPART_URL);
  if (!is_plain(url.text)) return refuse();
  return url;
}

}  // namespace

std::string endpoint_text(const Endpoint& endpoint) {
  const bool is_default = endpoint.port == (endpoint.scheme == "https" ? 443 : 80);
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}{}", endpoint.scheme, is_v6 ? "[" : "", endpoint.host, is_v6 ? "]" : "",
                     is_default ? "" : fmt::format(":{}", endpoint.port));
}

Result<Url> parse_url(std::string_view text) {
  // Otherwise libcurl would guess a scheme for "api.twilio.com/x".
  if (!is_plain(text) || text.find("://") == std::string_view::npos) return refuse();
  const Handle handle(curl_url());
  if (!handle ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) {
    return refuse();
  }
  return read(handle);
}

Result<Url> resolve_url(const Url& current, std::string_view location) {
  if (!is_plain(location)) return refuse();
  const Handle handle(curl_url());
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, current.text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(location).c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) {
    return refuse();
  }
  return read(handle);
}

}  // namespace tapedeck

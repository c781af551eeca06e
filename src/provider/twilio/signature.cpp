#include "provider/twilio/signature.hpp"

#include <algorithm>
#include <tuple>

#include "base/encoding.hpp"

namespace tapedeck {
namespace {

struct UrlParts {
  std::string_view scheme;  // with "://"
  std::string_view host;    // with user information, without the port
  std::string_view port;    // with ":", or empty
  std::string_view rest;    // path, query
};

UrlParts split(std::string_view url) {
  UrlParts parts;
  const std::size_t separator = url.find("://");
  if (separator == std::string_view::npos) return {.scheme = {}, .host = url, .port = {}, .rest = {}};
  parts.scheme = url.substr(0, separator + 3);
  url.remove_prefix(parts.scheme.size());
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  parts.rest = url.substr(authority.size());
  // The port's colon comes after user:password@ and after an IPv6 address in brackets.
  const std::size_t at = authority.rfind('@');
  const std::size_t host_begin = at == std::string_view::npos ? 0 : at + 1;
  const std::size_t bracket = authority.find(']', host_begin);
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? host_begin : bracket);
  parts.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) parts.port = authority.substr(colon);
  return parts;
}

std::string join(const UrlParts& parts, std::string_view port) {
  std::string url;
  url.append(parts.scheme).append(parts.host).append(port).append(parts.rest);
  return url;
}

void add_once(std::vector<std::string>& urls, std::string url) {
  if (std::ranges::find(urls, url) == urls.end()) urls.push_back(std::move(url));
}

std::string with_escaped_quotes(std::string_view url) {
  std::string escaped;
  for (const char c : url) {
    if (c == '\'') {
      escaped += "%27";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

bool body_has_named_hash(const WebhookRequest& request) {
  const std::size_t question = request.url.find('?');
  if (question == std::string::npos) return false;
  const Result<Form> query = Form::parse(std::string_view(request.url).substr(question + 1));
  if (!query) return false;
  const std::optional<std::string_view> named = query->find("bodySHA256");
  return named && equal_in_constant_time(*named, sha256_hex(request.body));
}

}  // namespace

std::string twilio_signature(std::string_view auth_token, std::string_view url, const Form& form) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  pairs.reserve(form.fields().size());
  for (const Form::Field& field : form.fields()) pairs.emplace_back(field.name, field.value);
  std::ranges::sort(pairs);
  const auto repeated = std::ranges::unique(pairs);
  pairs.erase(repeated.begin(), repeated.end());
  std::string message(url);
  for (const auto& [name, value] : pairs) message.append(name).append(value);
  return to_base64(hmac_sha1(auth_token, message));
}

std::vector<std::string> twilio_url_spellings(std::string_view url) {
  std::vector<std::string> urls{std::string(url)};
  const UrlParts parts = split(url);
  if (parts.scheme.empty()) return urls;
  if (parts.port.empty()) {
    add_once(urls, join(parts, parts.scheme == "http://" ? ":80" : ":443"));
  } else {
    add_once(urls, join(parts, ""));
  }
  if (url.find('\'') != std::string_view::npos) {
    for (std::size_t i = 0, count = urls.size(); i < count; ++i) add_once(urls, with_escaped_quotes(urls[i]));
  }
  return urls;
}

bool is_signed_by_twilio(std::string_view auth_token, std::string_view signature, const WebhookRequest& request) {
  if (auth_token.empty() || signature.empty()) return false;
  static const Form kNoForm;
  if (!request.has_form && !request.body.empty() && !body_has_named_hash(request)) return false;
  bool matches = false;
  for (const std::string& url : twilio_url_spellings(request.url)) {
    const std::string expected = twilio_signature(auth_token, url, request.has_form ? request.form : kNoForm);
    matches |= equal_in_constant_time(expected, signature);
  }
  return matches;
}

}  // namespace tapedeck

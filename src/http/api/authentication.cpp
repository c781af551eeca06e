#include "http/api/authentication.hpp"

#include <charconv>
#include <string>
#include <utility>

#include "base/encoding.hpp"
#include "domain/api_key.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower_prefix[i]) return false;
  }
  return true;
}

bool changes_something(verb method) { return method != verb::get && method != verb::head && method != verb::options; }

Task<std::expected<Caller, Problem>> find_caller(const Exchange& exchange) {
  const Request& request = exchange.request;
  Access& access = exchange.dependencies.access;
  if (!request.header(field::authorization).empty()) {
    const std::string_view key = bearer_key(request);
    if (!is_api_key(key)) {
      co_return refuse(ProblemKind::kUnauthenticated,
                       std::string("Authorization: expected Bearer and an API key: ").append(kApiKeyExpected));
    }
    Result<Caller> by_key = co_await access.by_key(std::string(key));
    if (!by_key) co_return refuse(by_key.error());
    co_return std::move(*by_key);
  }
  const std::string_view cookie = session_cookie(request, exchange.settings);
  if (cookie.empty()) {
    co_return refuse(ProblemKind::kUnauthenticated,
                     "expected Authorization: Bearer with an API key, or the page's session cookie");
  }
  Result<Caller> by_session = co_await access.by_session(std::string(cookie));
  if (!by_session) co_return refuse(by_session.error());
  if (changes_something(request.method) &&
      !equal_in_constant_time(request.header(kCsrfHeader), by_session->csrf_token)) {
    co_return refuse(ProblemKind::kCsrf, "X-CSRF-Token: expected the csrf_token of GET /api/session");
  }
  co_return std::move(*by_session);
}

Task<std::expected<BusinessId, Problem>> find_business(const Exchange& exchange) {
  const Caller& caller = exchange.caller;
  if (exchange.request.fields->count(kBusinessHeader) > 1) co_return refuse_field(kBusinessHeader, "expected once");
  const std::string_view header = exchange.request.header(kBusinessHeader);
  const std::string_view parameter = exchange.query.find_filled(kBusinessParameter).value_or("");
  if (!header.empty() && !parameter.empty() && header != parameter) {
    co_return refuse_field(kBusinessHeader, "expected the same business as in ?business_id=");
  }
  const std::string_view text = header.empty() ? parameter : header;
  if (text.empty()) {
    if (!caller.is_operator()) co_return caller.business;
    co_return refuse_field(kBusinessHeader, "an operator must name the business, here or in ?business_id=");
  }
  Result<BusinessId> named = BusinessId::parse(text);
  if (!named) co_return refuse_field(header.empty() ? kBusinessParameter : kBusinessHeader, named.error().detail);
  if (!caller.is_operator()) {
    if (*named == caller.business) co_return std::move(*named);
    co_return refuse(ProblemKind::kForbidden, "this key or session acts for its own business only");
  }
  const BusinessId id = *named;
  Result<std::optional<Business>> found = co_await exchange.dependencies.businesses.find(id);
  if (!found) co_return refuse(found.error());
  if (!*found) co_return refuse(ProblemKind::kNotFound, "there is no such business");
  co_return std::move(*named);
}

}  // namespace

std::string_view bearer_key(const Request& request) {
  std::string_view value = request.header(field::authorization);
  if (!starts_with_ignoring_case(value, "bearer ")) return {};
  value.remove_prefix(7);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return value;
}

std::string_view session_cookie_name(const ApplicationSettings& settings) noexcept {
  return is_https(settings) ? kSecureSessionCookie : kSessionCookie;
}

std::string_view session_cookie(const Request& request, const ApplicationSettings& settings) {
  const std::string_view name = session_cookie_name(settings);
  std::string_view cookies = request.header(field::cookie);
  while (!cookies.empty()) {
    std::string_view pair = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(cookies.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

bool is_link(const Form& query) { return query.find("sig").has_value(); }

std::expected<Caller, Problem> link_holder(const Access& access, const Form& query, const Sid& sid) {
  const std::string_view signature = *query.find("sig");
  if (signature.empty() || signature.size() > kCredentialMax) {
    return refuse_field("sig", "expected the signature of a link from POST /link");
  }
  std::int64_t expires = 0;
  const std::string_view time = query.find("exp").value_or("");
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), expires);
  if (time.empty() || error != std::errc{} || end != time.data() + time.size()) {
    return refuse_field("exp", "expected the expiry of a link from POST /link, in seconds since 1970");
  }
  const Result<BusinessId> business = BusinessId::parse(query.find(kBusinessParameter).value_or(""));
  if (!business) return refuse_field(kBusinessParameter, business.error().detail);
  Result<Caller> holder = access.by_link(*business, sid, expires, signature);
  if (!holder) return refuse(holder.error());
  return std::move(*holder);
}

Task<std::expected<void, Problem>> identify(Exchange& exchange, Needs needs,
                                            const std::expected<PathParameter, Problem>& parameter) {
  if (needs == Needs::kNothing) co_return std::expected<void, Problem>{};
  const bool has_key = !exchange.request.header(field::authorization).empty();
  if (needs == Needs::kBusinessOrLink && !has_key && is_link(exchange.query)) {
    if (!parameter) co_return refuse(parameter.error());
    auto holder = link_holder(exchange.dependencies.access, exchange.query, std::get<Sid>(*parameter));
    if (!holder) co_return refuse(std::move(holder.error()));
    exchange.business = holder->business;
    exchange.caller = std::move(*holder);
    co_return std::expected<void, Problem>{};
  }
  std::expected<Caller, Problem> caller = co_await find_caller(exchange);
  if (!caller) co_return refuse(std::move(caller.error()));
  exchange.caller = std::move(*caller);
  if (needs == Needs::kCaller) co_return std::expected<void, Problem>{};
  std::expected<BusinessId, Problem> business = co_await find_business(exchange);
  if (!business) co_return refuse(std::move(business.error()));
  exchange.business = std::move(*business);
  co_return std::expected<void, Problem>{};
}

}  // namespace tapedeck::http

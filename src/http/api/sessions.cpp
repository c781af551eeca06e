#include <array>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "http/api/authentication.hpp"
#include "http/api/fields.hpp"
#include "http/api/resources.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

constexpr std::size_t kKeyMax = 256;
// There the page says that a login link no longer works.
constexpr std::string_view kLoginFailedPage = "/?login=failed";

// A person's browser asks for HTML; a program gets a problem document.
bool wants_page(const Request& request) {
  return request.header(boost::beast::http::field::accept).contains("text/html");
}

std::string cookie_header(const ApplicationSettings& settings, std::string_view value, Seconds age) {
  const bool is_https = settings.public_url.starts_with("https://");
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", kSessionCookie, value, age.count(),
                     is_https ? "; Secure" : "");
}

Task<Answer> get_session(const Exchange& exchange) {
  const Caller& caller = exchange.caller;
  boost::json::array businesses;
  if (caller.is_operator()) {
    const Result<std::vector<BusinessId>> ids = co_await exchange.dependencies.businesses.ids();
    if (!ids) co_return refuse(ids.error());
    for (const BusinessId& id : *ids) businesses.emplace_back(id.view());
  } else {
    businesses.emplace_back(caller.business.view());
  }
  boost::json::object body{{"operator", caller.is_operator()}, {"businesses", std::move(businesses)}};
  body["business_id"] = caller.is_operator() ? boost::json::value(nullptr) : boost::json::value(caller.business.view());
  body["csrf_token"] = caller.csrf_token.empty() ? boost::json::value(nullptr) : boost::json::value(caller.csrf_token);
  co_return json_response(200, body);
}

// The request must name its type: the form of a foreign page cannot send JSON, so it cannot sign anybody in unnoticed.
Task<Answer> post_session(const Exchange& exchange) {
  const auto body = parse_json_body(exchange.request, true);
  if (!body) co_return refuse(body.error());
  FieldReader fields(*body);
  const std::optional<std::string> key = fields.text("key", kKeyMax);
  if (!key) fields.refuse_value("key", "expected an API key");
  if (fields.failed()) co_return fields.refusal();
  const Result<Caller> caller = co_await exchange.dependencies.access.by_key(*key);
  if (!caller) co_return refuse(caller.error());
  Response response = empty_response(204);
  response.headers.emplace_back(
      "Set-Cookie", cookie_header(exchange.settings, exchange.dependencies.access.open_session(*caller), kSessionTtl));
  co_return response;
}

Task<Answer> delete_session(const Exchange& exchange) {
  Response response = empty_response(204);
  response.headers.emplace_back("Set-Cookie", cookie_header(exchange.settings, "", Seconds{0}));
  co_return response;
}

Task<Answer> get_login(const Exchange& exchange) {
  if (!exchange.request.header("Sec-Purpose").empty()) {
    // A browser that prefetches must not use up the link.
    co_return refuse(ProblemKind::kForbidden, "a login link is not for prefetching");
  }
  FieldReader query(exchange.query);
  const std::optional<std::string> token = query.text("token", kCredentialMax);
  if (!token) query.refuse_value("token", "expected the token of a login link");
  if (query.failed()) co_return query.refusal();
  const Result<std::string> session = co_await exchange.dependencies.access.login(*token);
  Response response = empty_response(303);
  response.headers.emplace_back("Location", "/");
  if (session) {
    response.headers.emplace_back("Set-Cookie", cookie_header(exchange.settings, *session, kSessionTtl));
    co_return response;
  }
  // A person who is signed in by the link and opens it again gets the page.
  const std::string_view cookie = session_cookie(exchange.request);
  if (session.error().errc() == Errc::kUnauthenticated && !cookie.empty()) {
    const Result<Caller> caller = co_await exchange.dependencies.access.by_session(std::string(cookie));
    if (caller) co_return response;
  }
  if (session.error().errc() == Errc::kUnauthenticated && wants_page(exchange.request)) {
    response.headers.front().second = kLoginFailedPage;
    co_return response;
  }
  co_return refuse(session.error());
}

}  // namespace

std::span<const Route> session_routes() {
  static constexpr std::array kRoutes{
      Route{verb::get, "/api/session", Needs::kCaller, get_session},
      Route{verb::post, "/api/session", Needs::kNothing, post_session},
      Route{verb::delete_, "/api/session", Needs::kCaller, delete_session},
      Route{verb::get, "/login", Needs::kNothing, get_login, false},
  };
  return kRoutes;
}

}  // namespace tapedeck::http

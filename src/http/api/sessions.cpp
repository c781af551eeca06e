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
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", session_cookie_name(settings), value,
                     age.count(), is_https(settings) ? "; Secure" : "");
}

// Signs the browser in. The audit tells which session stands for whom.
void sign_in(const Exchange& exchange, const OpenedSession& opened, std::string_view how, Response& response) {
  response.headers.emplace_back("Set-Cookie", cookie_header(exchange.settings, opened.cookie, kSessionTtl));
  exchange.dependencies.audit.add(opened.caller, opened.caller.business, "sign_in", {}, how);
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
  const auto opened = co_await exchange.dependencies.access.open_session(caller->business, caller->key_id);
  if (!opened) co_return refuse(opened.error());
  Response response = empty_response(204);
  sign_in(exchange, *opened, caller->actor(), response);
  co_return response;
}

// What the browser keeps of the recordings goes too.
Task<Answer> delete_session(const Exchange& exchange) {
  const Caller& caller = exchange.caller;
  if (caller.kind == Caller::Kind::kSession) {
    const Result<void> ended = co_await exchange.dependencies.access.end_session(caller.session_id);
    if (!ended) co_return refuse(ended.error());
    exchange.dependencies.audit.add(caller, caller.business, "sign_out", {});
  }
  Response response = empty_response(204);
  response.headers.emplace_back("Set-Cookie", cookie_header(exchange.settings, "", Seconds{0}));
  response.headers.emplace_back("Clear-Site-Data", "\"cache\"");
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
  const auto session = co_await exchange.dependencies.access.login(*token);
  Response response = empty_response(303);
  response.headers.emplace_back("Location", "/");
  if (session) {
    sign_in(exchange, *session,
            session->caller.key_id == 0 ? "login link" : fmt::format("login link of key:{}", session->caller.key_id),
            response);
    co_return response;
  }
  // A person who is signed in by the link and opens it again gets the page.
  const std::string_view cookie = session_cookie(exchange.request, exchange.settings);
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

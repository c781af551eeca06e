#include "http/api/application.hpp"

#include <exception>
#include <utility>

#include "base/text.hpp"
#include "domain/events.hpp"
#include "http/api/documents.hpp"
#include "http/api/router.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

// Nothing from elsewhere, nothing inline, and nobody's frame around us.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
constexpr std::size_t kLogPathMax = 256;

std::string content_security_policy(const ApplicationSettings& settings) {
  std::string policy(kContentSecurityPolicy);
  if (settings.redirects_to_audio) policy += "; media-src 'self' " + settings.audio_origin;
  return policy;
}

bool is_audio(const Response& response) { return std::holds_alternative<BlobBody>(response.body); }

bool has_header(const Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (header.first == name) return true;
  }
  return false;
}

}  // namespace

Application::Application(Services services, ApplicationSettings settings)
    : services_(std::move(services)),
      settings_(std::move(settings)),
      authentication_(services_.access, services_.businesses),
      cors_(settings_.cors_origins),
      content_security_policy_(content_security_policy(settings_)),
      files_(services_.assets),
      documents_(embedded_documents()) {}

Task<Response> Application::handle(const Request& request) {
  Response response;
  try {
    Answer answer = co_await dispatch(request);
    if (answer) {
      response = std::move(*answer);
    } else {
      log_failure(request, answer.error());
      response = to_response(answer.error(), request.path);
    }
  } catch (const std::exception& exception) {
    // A broken invariant must not end the connection without an answer, let alone the process.
    const Problem problem = to_problem(Error(Errc::kInternal, exception.what()));
    log_failure(request, problem);
    response = to_response(problem, request.path);
  }
  complete(request, response);
  co_return response;
}

Response Application::answer_failure(const Request& request, const Error& error) {
  // What was removed or replaced since it was opened: who asks again is told what has become of it.
  const bool has_moved = is_not_found(error) || error.errc() == Errc::kConflict;
  const Problem problem = to_problem(has_moved ? Error(Errc::kUnavailable, error.detail) : error);
  log_failure(request, problem);
  Response response = to_response(problem, request.path);
  complete(request, response);
  return response;
}

Task<Answer> Application::dispatch(const Request& request) {
  RouteMatch match = find_route(request.method, request.path);
  if (match.route == nullptr) co_return answer_unrouted(request, match.allowed);
  Result<std::string> parameter = percent_decode(match.parameter, false);
  if (!parameter) co_return refuse_field("path", parameter.error().detail);
  Result<Form> query = Form::parse(request.query);
  if (!query) co_return refuse_field("query", query.error().detail);
  Exchange exchange{
      .request = request, .parameter = std::move(*parameter), .query = std::move(*query), .caller = {}, .business = {}};
  std::expected<void, Problem> identified = co_await identify(exchange, match.route->needs);
  if (!identified) co_return refuse(std::move(identified.error()));
  Answer answer = co_await (this->*match.route->run)(exchange);
  co_return answer;
}

Task<std::expected<void, Problem>> Application::identify(Exchange& exchange, Needs needs) {
  if (needs == Needs::kNothing) co_return std::expected<void, Problem>{};
  const bool has_key = !exchange.request.header(field::authorization).empty();
  if (needs == Needs::kBusinessOrLink && !has_key && is_link(exchange.query)) {
    const Result<Sid> sid = Sid::parse(exchange.parameter);
    if (!sid) co_return refuse_field("sid", sid.error().detail);
    std::expected<Caller, Problem> holder = authentication_.link_holder(exchange.query, *sid);
    if (!holder) co_return refuse(std::move(holder.error()));
    exchange.business = holder->business;
    exchange.caller = std::move(*holder);
    co_return std::expected<void, Problem>{};
  }
  std::expected<Caller, Problem> caller = co_await authentication_.caller(exchange.request);
  if (!caller) co_return refuse(std::move(caller.error()));
  exchange.caller = std::move(*caller);
  if (needs == Needs::kCaller) co_return std::expected<void, Problem>{};
  std::expected<BusinessId, Problem> business =
      co_await authentication_.business(exchange.caller, exchange.request, exchange.query);
  if (!business) co_return refuse(std::move(business.error()));
  exchange.business = std::move(*business);
  co_return std::expected<void, Problem>{};
}

Answer Application::answer_unrouted(const Request& request, const std::string& allowed) const {
  const bool reads = request.method == verb::get || request.method == verb::head;
  std::optional<Response> file = files_.find(request);
  if (!file) file = documents_.find(request);
  if (file && reads) return std::move(*file);
  const std::string methods = file ? "GET, HEAD" : allowed;
  if (methods.empty()) return refuse(ProblemKind::kNotFound, "there is nothing at this path: see /docs");
  if (request.method == verb::options) {
    Response response = empty_response(204);
    response.headers.emplace_back("Allow", methods + ", OPTIONS");
    cors_.add_preflight_headers(request, methods, response);
    return response;
  }
  return refuse({.kind = ProblemKind::kMethodNotAllowed,
                 .detail = "method: expected one of " + methods,
                 .allow = methods + ", OPTIONS"});
}

void Application::complete(const Request& request, Response& response) const {
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  // A link's address is a credential: no page that it leads to may learn it.
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  if (!is_audio(response)) {
    response.headers.emplace_back("Content-Security-Policy", content_security_policy_);
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    if (!has_header(response, "Cache-Control")) response.headers.emplace_back("Cache-Control", "no-store");
  }
  cors_.add_headers(request, response);
}

void Application::log_failure(const Request& request, const Problem& problem) const {
  const ProblemType& type = problem_type(problem.kind);
  if (type.status < 500) return;
  const auto method = boost::beast::http::to_string(request.method);
  services_.events.emit(event::request_failed({method.data(), method.size()}, to_clean_text(request.path, kLogPathMax),
                                              type.status, problem.log_detail));
}

}  // namespace tapedeck::http

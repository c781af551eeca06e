#include "http/api/application.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/text.hpp"
#include "domain/events.hpp"
#include "http/api/authentication.hpp"
#include "http/api/documents.hpp"
#include "http/api/hot_stream.hpp"
#include "http/api/router.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

// Own origin only; no inline script or style; no framing.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
// A year, for this host alone.
constexpr std::string_view kStrictTransport = "max-age=31536000";
constexpr std::string_view kResourcePolicy = "Cross-Origin-Resource-Policy";
constexpr std::size_t kLogPathMax = 256;

std::string content_security_policy(const ApplicationSettings& settings) {
  std::string policy(kContentSecurityPolicy);
  if (settings.redirects_to_audio) policy += "; media-src 'self' " + settings.audio_origin;
  return policy;
}

bool has_header(const Response& response, std::string_view name) {
  return std::ranges::any_of(response.headers, [name](const auto& header) { return header.first == name; });
}

}  // namespace

Application::Application(Dependencies dependencies, ApplicationSettings settings)
    : dependencies_(std::move(dependencies)),
      settings_(std::move(settings)),
      cors_(settings_.cors_origins),
      content_security_policy_(content_security_policy(settings_)),
      files_(dependencies_.assets),
      documents_(embedded_documents()) {}

std::optional<Response> Application::try_handle(const Request& request) {
  std::optional<Response> stream = answer_hot_stream(request, dependencies_, settings_);
  if (!stream) return std::nullopt;
  return complete(request, std::move(*stream));
}

Task<Response> Application::handle(const Request& request) {
  Response response;
  try {
    Answer answer = co_await dispatch(request);
    response = answer ? std::move(*answer) : refused(request, answer.error());
  } catch (const std::exception& exception) {
    // A broken invariant must not end the connection without an answer, let alone the process.
    response = refused(request, to_problem(Error(Errc::kInternal, exception.what())));
  }
  co_return complete(request, std::move(response));
}

Response Application::answer_failure(const Request& request, const Error& error) {
  // The blob was removed or replaced after it was opened. A client that asks again gets the new state.
  const bool has_moved = is_not_found(error) || error.errc() == Errc::kConflict;
  const Problem problem = to_problem(has_moved ? Error(Errc::kUnavailable, error.detail) : error);
  return complete(request, refused(request, problem));
}

Task<Answer> Application::dispatch(const Request& request) {
  const RouteMatch match = find_route(request.method, request.path);
  if (match.route == nullptr) co_return answer_unrouted(request, match.allowed);
  const Result<std::string> text = percent_decode(match.parameter, false);
  if (!text) co_return refuse_field("path", text.error().detail);
  Result<Form> query = Form::parse(request.query);
  if (!query) co_return refuse_field("query", query.error().detail);
  Exchange exchange{
      .request = request, .dependencies = dependencies_, .settings = settings_, .query = std::move(*query)};
  std::expected<PathParameter, Problem> parameter = parse_parameter(*match.route, *text);
  std::expected<void, Problem> identified = co_await identify(exchange, match.route->needs, parameter);
  if (!identified) co_return refuse(std::move(identified.error()));
  // After the credentials: a caller without them learns nothing.
  if (!parameter) co_return refuse(std::move(parameter.error()));
  Answer answer = co_await run_route(*match.route, exchange, std::move(*parameter));
  co_return answer;
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

Response Application::refused(const Request& request, const Problem& problem) const {
  const ProblemType& type = problem_type(problem.kind);
  if (type.status >= 500) {
    const auto method = boost::beast::http::to_string(request.method);
    dependencies_.events.emit(event::request_failed(
        {method.data(), method.size()}, to_clean_text(request.path, kLogPathMax), type.status, problem.log_detail));
  }
  return to_response(problem, request.path);
}

Response Application::complete(const Request& request, Response response) const {
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  // The address of a link is a credential: no page that the browser opens next may learn it.
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  if (is_https(settings_)) response.headers.emplace_back("Strict-Transport-Security", kStrictTransport);
  if (!has_header(response, kResourcePolicy)) response.headers.emplace_back(kResourcePolicy, "same-origin");
  if (!std::holds_alternative<BlobBody>(response.body)) {
    response.headers.emplace_back("Content-Security-Policy", content_security_policy_);
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    if (!has_header(response, "Cache-Control")) response.headers.emplace_back("Cache-Control", "no-store");
  }
  cors_.add_headers(request, response);
  return response;
}

}  // namespace tapedeck::http

#include "http/api/health.hpp"

#include <utility>

#include <boost/json/object.hpp>

#include "http/api/problem.hpp"

namespace tapedeck::http {

using boost::beast::http::verb;

Response health_response() { return json_response(200, {{"status", "ok"}}); }

Task<Result<void>> RememberedCheck::look() {
  const SteadyTime now = clock_.steady_now();
  {
    const std::scoped_lock lock(mutex_);
    const Milliseconds believed = is_running_ ? kReadinessPatience : kReadinessTtl;
    if (last_ && now - began_ < believed) co_return *last_;
    began_ = now;
    is_running_ = true;
  }
  Task<Result<void>> task = check_();
  const Result<void> result = co_await std::move(task);
  const std::scoped_lock lock(mutex_);
  last_ = result;
  is_running_ = false;
  co_return result;
}

bool is_local(const Request& request) {
  const bool is_loopback =
      request.peer == "::1" || request.peer.starts_with("127.") || request.peer.starts_with("::ffff:127.");
  for (const std::string_view name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}) {
    if (!request.header(name).empty()) return false;
  }
  return is_loopback;
}

Task<Response> readiness_response(const Health& health, bool tells_why) {
  boost::json::object checks;
  boost::json::object details;
  bool ready = true;
  for (const ReadinessCheck& check : health.readiness) {
    Task<Result<void>> task = check.check();
    const Result<void> result = co_await std::move(task);
    checks[check.name] = result ? "ok" : errc_name(result.error().errc());
    ready = ready && result.has_value();
    if (!result && check.tells_why && tells_why) details[check.name] = result.error().detail;
  }
  boost::json::object body{{"status", ready ? "ready" : "not ready"}, {"checks", std::move(checks)}};
  if (!details.empty()) body["details"] = std::move(details);
  co_return json_response(ready ? 200 : 503, body);
}

Response metrics_response(const Health& health) {
  Response response;
  response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = health.metrics();
  return response;
}

std::optional<Response> HealthApplication::try_handle(const Request&) { return std::nullopt; }

Task<Response> HealthApplication::handle(const Request& request) {
  if (request.method != verb::get && request.method != verb::head) {
    const Problem problem{
        .kind = ProblemKind::kMethodNotAllowed, .detail = "method: expected one of GET, HEAD", .allow = "GET, HEAD"};
    co_return to_response(problem, request.path);
  }
  if (request.path == "/healthz") co_return health_response();
  if (request.path == "/metrics") co_return metrics_response(health_);
  if (request.path == "/readyz") co_return co_await readiness_response(health_, is_local(request));
  const Problem problem{.kind = ProblemKind::kNotFound,
                        .detail = "this process is a worker: it answers /healthz, /readyz and /metrics"};
  co_return to_response(problem, request.path);
}

Response HealthApplication::answer_failure(const Request& request, const Error& error) {
  return to_response(to_problem(error), request.path);
}

}  // namespace tapedeck::http

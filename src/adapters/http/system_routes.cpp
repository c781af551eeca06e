#include <utility>

#include <boost/json/object.hpp>

#include "adapters/http/application.hpp"

namespace tapedeck::http {

Task<Answer> Application::get_health(const Exchange&) { co_return json_response(200, {{"status", "ok"}}); }

Task<Answer> Application::get_readiness(const Exchange&) {
  boost::json::object checks;
  bool ready = true;
  for (const ReadinessCheck& check : services_.readiness) {
    Task<Result<void>> task = check.check();
    const Result<void> result = co_await std::move(task);
    ready = ready && result.has_value();
    checks[check.name] = result ? "ok" : errc_name(result.error().errc());
  }
  const std::string_view status = ready ? "ready" : "not ready";
  co_return json_response(ready ? 200 : 503, {{"status", status}, {"checks", std::move(checks)}});
}

Task<Answer> Application::get_metrics(const Exchange&) {
  Response response;
  response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = services_.metrics();
  co_return response;
}

}  // namespace tapedeck::http

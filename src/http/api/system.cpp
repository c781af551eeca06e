#include <array>

#include "http/api/authentication.hpp"
#include "http/api/resources.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::verb;

Task<Answer> get_health(const Exchange&) { co_return health_response(); }

Task<Answer> get_readiness(const Exchange& exchange) {
  bool tells_why = is_local(exchange.request);
  if (const std::string_view key = bearer_key(exchange.request); !tells_why && !key.empty()) {
    const Result<Caller> caller = co_await exchange.dependencies.access.by_key(std::string(key));
    tells_why = caller && caller->is_operator();
  }
  Response response = co_await readiness_response(exchange.dependencies.health, tells_why);
  co_return response;
}

Task<Answer> get_metrics(const Exchange& exchange) { co_return metrics_response(exchange.dependencies.health); }

}  // namespace

std::span<const Route> system_routes() {
  static constexpr std::array kRoutes{
      Route{verb::get, "/healthz", Needs::kNothing, get_health},
      Route{verb::get, "/readyz", Needs::kNothing, get_readiness},
      Route{verb::get, "/metrics", Needs::kNothing, get_metrics},
  };
  return kRoutes;
}

}  // namespace tapedeck::http

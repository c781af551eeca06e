#include "http/api/application.hpp"

namespace tapedeck::http {

Task<Answer> Application::get_health(const Exchange&) { co_return health_response(); }

Task<Answer> Application::get_readiness(const Exchange&) { co_return co_await readiness_response(services_.health); }

Task<Answer> Application::get_metrics(const Exchange&) { co_return metrics_response(services_.health); }

}  // namespace tapedeck::http

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// A part that must answer before the process is ready: a store's ping.
struct ReadinessCheck {
  std::string name;                           ///< "call_store"
  std::function<Task<Result<void>>()> check;  ///< makes a task; its captures outlive it
  bool tells_why = false;                     ///< its details are public: they name no path
};

/// The state of the process, for load balancers and monitoring.
struct Health {
  std::vector<ReadinessCheck> readiness;
  std::function<std::string()> metrics;  ///< Prometheus text format 0.0.4; thread-safe
};

[[nodiscard]] Response health_response();
/// 200 `ready`, or 503 with the error of each failed check.
[[nodiscard]] Task<Response> readiness_response(const Health& health);
[[nodiscard]] Response metrics_response(const Health& health);

/// The handler of a worker: /healthz, /readyz and /metrics only. Thread-safe.
class HealthApplication final : public Handler {
 public:
  explicit HealthApplication(Health health) : health_(std::move(health)) {}

  [[nodiscard]] std::optional<Response> try_handle(const Request& request) override;
  [[nodiscard]] Task<Response> handle(const Request& request) override;
  [[nodiscard]] Response answer_failure(const Request& request, const Error& error) override;

 private:
  const Health health_;
};

}  // namespace tapedeck::http

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// Something that must answer before the process is ready: a store's ping.
struct ReadinessCheck {
  std::string name;                           ///< "call_store"
  std::function<Task<Result<void>>()> check;  ///< returns a coroutine; captures nothing that it outlives
  bool tells_why = false;                     ///< its sentences may be read by anybody: they name no path
};

/// What tells how the process is.
struct Health {
  std::vector<ReadinessCheck> readiness;
  std::function<std::string()> metrics;  ///< Prometheus text format 0.0.4; thread-safe
};

[[nodiscard]] Response health_response();
/// 200 `ready`, or 503 with what is amiss in a sentence for each check.
[[nodiscard]] Task<Response> readiness_response(const Health& health);
[[nodiscard]] Response metrics_response(const Health& health);

/// All that a worker answers: /healthz, /readyz and /metrics. Thread-safe.
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

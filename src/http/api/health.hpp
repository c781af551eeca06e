#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "http/server/message.hpp"
#include "runtime/clock.hpp"

namespace tapedeck::http {

/// A part that must answer before the process is ready: a store's ping.
struct ReadinessCheck {
  std::string name;                           ///< "call_store"
  std::function<Task<Result<void>>()> check;  ///< makes a task; its captures outlive it
  bool tells_why = false;                     ///< its details say more than the error's name; they name no path
};

/// How long the answer of a check is believed.
inline constexpr Milliseconds kReadinessTtl{1'000};
/// How old the last answer may be while a check runs; then another one begins.
inline constexpr Milliseconds kReadinessPatience{10'000};

/// A check that anybody may ask for at any rate: it runs once in kReadinessTtl, and once at a time. Thread-safe.
class RememberedCheck {
 public:
  RememberedCheck(std::function<Task<Result<void>>()> check, Clock& clock) : check_(std::move(check)), clock_(clock) {}

  [[nodiscard]] Task<Result<void>> look();

 private:
  const std::function<Task<Result<void>>()> check_;
  Clock& clock_;
  std::mutex mutex_;
  std::optional<Result<void>> last_;
  SteadyTime began_{};
  bool is_running_ = false;
};

/// The state of the process, for load balancers and monitoring.
struct Health {
  std::vector<ReadinessCheck> readiness;
  std::function<std::string()> metrics;  ///< Prometheus text format 0.0.4; thread-safe
};

[[nodiscard]] Response health_response();
/// 200 `ready`, or 503 with the error of each failed check; with `tells_why` also with its details, which name hosts
/// and buckets.
[[nodiscard]] Task<Response> readiness_response(const Health& health, bool tells_why);
/// The request comes from this machine, and not through a proxy on it.
[[nodiscard]] bool is_local(const Request& request);
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

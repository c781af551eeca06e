#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "http/api/health.hpp"
#include "http/server/server.hpp"
#include "main/data_dir.hpp"
#include "main/fetching.hpp"
#include "main/serving.hpp"
#include "main/settings.hpp"
#include "main/slot_stores.hpp"
#include "main/stores.hpp"
#include "main/upkeeping.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/system_random.hpp"
#include "slots/business_rules.hpp"
#include "telemetry/fan_out.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace tapedeck {

/// Every adapter and use case of one process, wired for its role.
///
/// The server's loops answer requests; one more thread runs the worker and the upkeep; the stores have threads of their
/// own. An API process has no Fetching, so nothing in it can download; a worker has no Serving. Each member needs only
/// members before it, so that the members end in the reverse order.
class Node {
 public:
  /// Takes DATA_DIR, opens the stores and makes everything; starts nothing. Errors say what to do.
  [[nodiscard]] static Result<std::unique_ptr<Node>> make(const Settings& settings, Pulse pulse = {});
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  /// Rebuilds the slots from the call store where this process is alone; then works and serves. Errors: a store's, the
  /// address's, or what is wrong with Redis.
  [[nodiscard]] Result<void> start();
  /// Accepts no more requests; ends downloads, or hands them back, within SHUTDOWN_GRACE. Idempotent.
  void stop();

  /// Once started.
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] CallStore& calls() { return calls_.store(); }
  /// Of a process that serves.
  [[nodiscard]] Access& access() { return serving_->access(); }
  [[nodiscard]] EventSink& events() { return events_; }

 private:
  Node(const Settings& settings, DataDirLock lock, OpenCallStore calls, Pulse pulse);

  [[nodiscard]] Result<void> open(const std::string& secret_key);
  [[nodiscard]] SharedParts parts();
  [[nodiscard]] http::Health health();
  void watch_parts();
  void check_blob_store();
  [[nodiscard]] Task<Result<void>> recover();
  [[nodiscard]] Task<> work(std::stop_token stop);
  void log_ready(SteadyTime began);

  const Settings settings_;
  const Role role_;
  const Pulse pulse_;
  DataDirLock lock_;
  SystemClock clock_;
  SystemRandom random_;
  const std::string process_name_;
  Logger log_;
  Metrics metrics_;
  FanOut events_;
  OpenCallStore calls_;
  OffloadPool disk_;
  OpenBlobStore blobs_;
  OpenSlotStore slots_;
  boost::asio::io_context work_loop_;
  Businesses businesses_;
  std::optional<BusinessRules> rules_;
  std::optional<SlotRecovery> recovery_;
  std::optional<SlotRequests> requests_;
  ProgressBoard progress_;
  std::atomic<SteadyTime> leases_confirmed_;  // as of Pulse
  std::unique_ptr<Fetching> fetching_;        // null in an API process
  std::unique_ptr<Upkeeping> upkeeping_;      // the same
  std::unique_ptr<Serving> serving_;          // null in a worker
  std::optional<http::HealthApplication> health_;
  std::optional<http::Server> server_;
  std::stop_source stop_work_;
  std::thread work_thread_;
};

}  // namespace tapedeck

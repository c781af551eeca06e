#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "app/backlog.hpp"
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
/// own. An API process has no Fetching, and so nothing that could download; a worker has no Serving. Members are in the
/// order in which they need each other, so that they end in the reverse one.
class Node {
 public:
  /// Takes DATA_DIR, opens the stores, makes everything; starts nothing. Errors say what to do.
  [[nodiscard]] static Result<std::unique_ptr<Node>> make(const Settings& settings, Pulse pulse = {});
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  /// Alone: rebuilds the slots from the call store. Then works and serves. Errors: a store's, the address's, or what is
  /// wrong with Redis.
  [[nodiscard]] Result<void> start();
  /// Takes no more requests, ends or hands back downloads within SHUTDOWN_GRACE. Idempotent.
  void stop();

  /// Once started.
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] CallStore& calls() { return calls_.store(); }
  /// Of a process that is not a mere worker.
  [[nodiscard]] Access& access() { return serving_->access(); }
  [[nodiscard]] EventSink& events() { return events_; }

 private:
  Node(const Settings& settings, DataDirLock lock, OpenCallStore calls, Pulse pulse);

  [[nodiscard]] Result<void> open(const std::string& secret_key);
  [[nodiscard]] SharedParts parts();
  [[nodiscard]] http::Health health();
  [[nodiscard]] Result<void> check_slot_store();
  void check_blob_store();
  [[nodiscard]] Task<Result<void>> recover();
  [[nodiscard]] Task<> work(std::stop_token stop);
  [[nodiscard]] Task<> refresh_rules(std::stop_token stop);
  [[nodiscard]] Task<> reconcile(std::stop_token stop);
  [[nodiscard]] Task<> end_retentions_in_time(std::stop_token stop);
  [[nodiscard]] Task<> collect_deleted();
  [[nodiscard]] Task<> collect_uploads(std::stop_token stop);
  [[nodiscard]] Task<> show_alive(Milliseconds every, std::stop_token stop);
  void tell_ready(SteadyTime began);

  const Settings settings_;
  const Role role_;
  const Pulse pulse_;
  DataDirLock lock_;
  SystemClock clock_;
  SystemRandom random_;
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
  Backlog backlog_;
  std::atomic<SteadyTime> leases_confirmed_;  // see Pulse
  std::unique_ptr<Fetching> fetching_;        // null in an API process
  std::unique_ptr<Upkeeping> upkeeping_;      // the same
  std::unique_ptr<Serving> serving_;          // null in a worker
  std::optional<http::HealthApplication> health_;
  std::optional<http::Server> server_;
  std::stop_source stop_work_;
  std::thread work_thread_;
};

}  // namespace tapedeck

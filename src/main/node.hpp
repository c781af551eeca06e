#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "adapters/filesystem/blob_store.hpp"
#include "adapters/http/application.hpp"
#include "adapters/http/server.hpp"
#include "adapters/memory/memory_slot_store.hpp"
#include "adapters/system/system_clock.hpp"
#include "adapters/system/system_random.hpp"
#include "adapters/telemetry/fan_out.hpp"
#include "adapters/telemetry/logger.hpp"
#include "adapters/telemetry/metrics.hpp"
#include "adapters/twilio/recording_source.hpp"
#include "app/business_rules.hpp"
#include "app/worker.hpp"
#include "main/data_dir.hpp"
#include "main/settings.hpp"
#include "main/stores.hpp"

namespace tapedeck {

/// Every adapter and use case of one process, wired: the embedded default, API and worker in one.
///
/// The server's loops answer requests; one more thread runs the worker and the upkeep; the stores have threads of their
/// own. Members are in the order in which they need each other, so that they end in the reverse one.
class Node {
 public:
  /// Takes DATA_DIR, opens the stores, makes everything; starts nothing. Errors say what to do.
  [[nodiscard]] static Result<std::unique_ptr<Node>> make(const Settings& settings);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  /// Rebuilds the slots from the call store, then works and serves. Errors: a store's, or the address's.
  [[nodiscard]] Result<void> start();
  /// Takes no more requests, ends or hands back downloads within SHUTDOWN_GRACE. Idempotent.
  void stop();

  /// Once started.
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] CallStore& calls() { return *store_.store; }
  [[nodiscard]] Access& access() { return access_; }
  [[nodiscard]] EventSink& events() { return events_; }

 private:
  Node(const Settings& settings, DataDirLock lock, OpenCallStore store, const std::string& secret_key);

  [[nodiscard]] Result<void> open_source();
  [[nodiscard]] Task<Result<void>> recover();
  [[nodiscard]] Task<> work(std::stop_token stop);
  [[nodiscard]] Task<> refresh_rules(std::stop_token stop);
  [[nodiscard]] Task<> reconcile(std::stop_token stop);
  [[nodiscard]] Task<> collect_deleted();
  [[nodiscard]] http::Services services();
  void tell_ready(SteadyTime began);

  const Settings settings_;
  DataDirLock lock_;
  SystemClock clock_;
  SystemRandom random_;
  Logger log_;
  Metrics metrics_;
  FanOut events_;
  OpenCallStore store_;
  OffloadPool disk_;
  FilesystemBlobStore blobs_;
  MemorySlotStore slots_;
  boost::asio::io_context work_loop_;
  CurlClient curl_;
  std::unique_ptr<TwilioRecordingSource> source_;
  Businesses businesses_;
  BusinessRules rules_;
  SlotRequests requests_;
  ProgressBoard progress_;
  ProviderBackoff backoff_;
  HotRecordings hot_;
  Recordings recordings_;
  Calls calls_;
  Webhooks webhooks_;
  Access access_;
  AuditLog audit_;
  http::Application application_;
  http::Server server_;
  std::stop_source stop_work_;
  std::thread work_thread_;
};

}  // namespace tapedeck

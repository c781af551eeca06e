#include "main/node.hpp"

#include <utility>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>

#include "app/recovery.hpp"
#include "main/page_assets.hpp"
#include "main/run_task.hpp"
#include "main/secret_key.hpp"
#include "main/watch.hpp"

namespace tapedeck {
namespace {

// Threads for the disk: writes of downloads and opens of what is played.
constexpr std::size_t kDiskThreads = 4;
// How often rows are looked for that wait without the slot store's knowing.
constexpr Milliseconds kReconcileEvery{30'000};
// Blobs of deleted recordings that one pass removes.
constexpr int kDeletedBatch = 500;
constexpr const char* kBlobFolder = "recordings";

ProviderDefaults defaults_of(const Settings& settings) {
  return {settings.account, settings.auth_token, settings.slots_per_business, settings.format};
}

WorkerOptions worker_options(const Settings& settings) {
  WorkerOptions options;
  options.name = "embedded";
  options.max_downloads = settings.downloads_max;
  options.drain_grace = settings.shutdown_grace;
  return options;
}

http::ServerOptions server_options(const Settings& settings) {
  http::ServerOptions options;
  options.address = settings.listen.host;
  options.port = settings.listen.port;
  options.loops = settings.http_loops > 0 ? static_cast<std::size_t>(settings.http_loops)
                                          : std::max(1U, std::thread::hardware_concurrency());
  options.limits.connections = static_cast<std::size_t>(settings.connections_max);
  options.limits.stop_grace = settings.shutdown_grace;
  return options;
}

TwilioOptions source_options(const Settings& settings) {
  TwilioOptions options;
  options.base_url = settings.provider_url;
  return options;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::make(const Settings& settings) {
  auto lock = DataDirLock::acquire(settings.data_dir);
  if (!lock) return fail(lock.error());
  SystemRandom random;
  auto secret_key = load_secret_key(settings, random);
  if (!secret_key) return fail(secret_key.error());
  auto store = open_call_store(settings, *secret_key);
  if (!store) return fail(store.error());
  std::unique_ptr<Node> node(new Node(settings, std::move(*lock), std::move(*store), *secret_key));
  if (auto opened = node->open_source(); !opened) return fail(opened.error());
  return node;
}

Node::Node(const Settings& settings, DataDirLock lock, OpenCallStore store, const std::string& secret_key)
    : settings_(settings),
      lock_(std::move(lock)),
      log_(clock_, LogOptions{settings.log_format, settings.log_level, STDERR_FILENO}),
      metrics_(TAPEDECK_VERSION),
      events_({&log_, &metrics_}),
      store_(std::move(store)),
      disk_("disk", kDiskThreads),
      blobs_(disk_, (settings.data_dir / kBlobFolder).string()),
      slots_(clock_, events_, settings.slots_per_business),
      businesses_(*store_.store, clock_, defaults_of(settings)),
      rules_(*store_.store, slots_, businesses_),
      requests_(slots_, rules_, random_),
      recordings_(*store_.store, slots_, requests_, blobs_, clock_, progress_, hot_),
      calls_(*store_.store, businesses_, clock_),
      webhooks_(*store_.store, requests_, clock_, events_),
      access_(*store_.store, clock_, random_, secret_key),
      audit_(*store_.store, clock_, events_),
      application_(services(), http::ApplicationSettings{settings.public_url, settings.cors_origins}),
      server_(server_options(settings), application_) {
  watch_slots(metrics_, slots_);
  watch_calls(metrics_, *store_.store);
  watch_server(metrics_, server_);
  watch_log(metrics_, log_);
}

Node::~Node() { stop(); }

Result<void> Node::open_source() {
  auto source = TwilioRecordingSource::make(curl_, clock_, source_options(settings_));
  if (!source) return fail(source.error());
  source_ = std::move(*source);
  return {};
}

http::Services Node::services() {
  std::vector<http::ReadinessCheck> readiness{
      {"call_store", [this] { return store_.store->ping(); }},
      {"slot_store", [this] { return slots_.ping(); }},
      {"blob_store", [this] { return blobs_.ping(); }},
  };
  return {recordings_,
          hot_,
          calls_,
          webhooks_,
          businesses_,
          access_,
          audit_,
          clock_,
          events_,
          std::move(readiness),
          [this] { return metrics_.text(); },
          page_assets()};
}

Result<void> Node::start() {
  const SteadyTime began = clock_.steady_now();
  if (auto recovered = run_task(recover()); !recovered) return fail(recovered.error());
  if (auto started = server_.start(); !started) return fail(started.error());
  boost::asio::co_spawn(work_loop_, work(stop_work_.get_token()), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  work_thread_ = std::thread([this] { work_loop_.run(); });
  tell_ready(began);
  return {};
}

// The order matters: nothing may ask for a slot before the slots are rebuilt.
Task<Result<void>> Node::recover() {
  auto collected = co_await blobs_.collect_leftovers();
  if (!collected) co_return fail(collected.error());
  auto rules = co_await rules_.refresh();
  if (!rules) co_return fail(rules.error());
  auto recovered = co_await recover_slots(*store_.store, slots_, businesses_, 1);
  if (!recovered) co_return fail(recovered.error());
  if (*collected == 0 && recovered->recordings == 0) co_return Result<void>();
  events_.emit({Severity::kInfo,
                "",
                "RECOVERED",
                {{"waiting", std::int64_t{recovered->recordings}},
                 {"interrupted", std::int64_t{recovered->interrupted}},
                 {"businesses", std::int64_t{recovered->businesses}},
                 {"leftover_files", std::int64_t{*collected}}}});
  co_return Result<void>();
}

void Node::tell_ready(SteadyTime began) {
  for (const std::string& warning : settings_.warnings) {
    events_.emit({Severity::kWarning, "", "SETTINGS_WARNING", {{"detail", warning}}});
  }
  events_.emit({Severity::kInfo,
                "",
                "SERVER_READY",
                {{"url", fmt::format("http://{}:{}/", settings_.listen.host, server_.port())},
                 {"version", std::string(TAPEDECK_VERSION)},
                 {"seconds", std::chrono::duration<double>(clock_.steady_now() - began).count()}}});
}

// Everything that runs beside the requests, until it is stopped.
Task<> Node::work(std::stop_token stop) {
  const auto executor = work_loop_.get_executor();
  Worker worker(executor,
                FetchJob::Dependencies{*store_.store, slots_, blobs_, *source_, businesses_, clock_, random_, events_,
                                       progress_, backoff_},
                worker_options(settings_));
  TaskScope scope(executor, [this](std::exception_ptr) { events_.emit({Severity::kError, "", "UPKEEP_FAILED", {}}); });
  scope.spawn(worker.run(stop));
  scope.spawn(refresh_rules(stop));
  scope.spawn(reconcile(stop));
  scope.spawn(audit_.run(stop));
  co_await scope.join();
}

Task<> Node::refresh_rules(std::stop_token stop) {
  while (!stop.stop_requested()) {
    co_await clock_.sleep_for(kRulesRefresh, stop);
    auto refreshed = co_await rules_.refresh();
    (void)refreshed;  // tried again in a second; readyz tells that the store is away
  }
}

Task<> Node::reconcile(std::stop_token stop) {
  while (!stop.stop_requested()) {
    co_await clock_.sleep_for(kReconcileEvery, stop);
    if (stop.stop_requested()) co_return;
    auto reconciled = co_await reconcile_slots(*store_.store, slots_, requests_, clock_.system_now());
    if (reconciled && reconciled->recordings > 0) {
      events_.emit({Severity::kWarning, "", "RECONCILED", {{"waiting", std::int64_t{reconciled->recordings}}}});
    }
    co_await collect_deleted();
  }
}

Task<> Node::collect_deleted() {
  auto rows = co_await store_.store->deleted_with_blob(kDeletedBatch);
  if (!rows) co_return;
  for (const Recording& row : *rows) {
    if (!row.audio) continue;
    auto removed = co_await blobs_.remove(row.audio->blob_key);
    if (!removed) continue;
    auto forgotten = co_await store_.store->forget_blob(row.row_id);
    (void)forgotten;  // found again the next time
  }
}

void Node::stop() {
  if (!work_thread_.joinable()) return;
  events_.emit({Severity::kInfo, "", "SERVER_STOPPING", {}});
  stop_work_.request_stop();
  server_.stop();
  work_thread_.join();
  auto flushed = run_task(audit_.flush());
  (void)flushed;
  events_.emit({Severity::kInfo, "", "SERVER_STOPPED", {}});
}

}  // namespace tapedeck

#include "main/node.hpp"

#include <utility>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>

#include "app/upkeep/retention.hpp"
#include "base/encoding.hpp"
#include "blobs/blob_removal.hpp"
#include "main/secret_key.hpp"
#include "main/service_manager.hpp"
#include "main/watch.hpp"
#include "runtime/run_task.hpp"
#include "slots/reconciliation.hpp"
#include "slots/recovery.hpp"
#include "slots/redis/server_check.hpp"

namespace tapedeck {
namespace {

// Threads for the disk: writes of downloads and opens of what is played.
constexpr std::size_t kDiskThreads = 4;
// How often rows are looked for that wait without the slot store's knowing.
constexpr Milliseconds kReconcileEvery{30'000};
// How often it is looked whether the slot store answers.
constexpr Milliseconds kSlotStoreLook{1'000};
// Blobs of deleted recordings that one pass removes.
constexpr int kDeletedBatch = 500;
// How often recordings are looked for whose retention has ended.
constexpr Milliseconds kRetentionEvery{10'000};
// Of chance in a worker's name, which no other worker of any host may have.
constexpr std::size_t kWorkerNameBytes = 8;
// How often uploads are looked for that nobody will complete.
constexpr Milliseconds kCollectUploadsEvery{6 * 3'600'000};

WorkerOptions worker_options(const Settings& settings, Random& random, Pulse pulse) {
  WorkerOptions options;
  options.name = fmt::format("{}-{}", ::getpid(), to_hex(random.bytes(kWorkerNameBytes)));
  options.max_downloads = settings.downloads_max;
  options.drain_grace = settings.shutdown_grace;
  options.pulse = std::move(pulse);
  return options;
}

http::ServerOptions server_options(const Settings& settings) {
  http::ServerOptions options;
  options.address = settings.listen.host;
  options.port = settings.listen.port;
  options.loops = settings.http_loops > 0 ? static_cast<std::size_t>(settings.http_loops)
                                          : std::max(1U, std::thread::hardware_concurrency());
  if (role_of(settings) == Role::kWorker) options.loops = 1;
  options.limits.connections = static_cast<std::size_t>(settings.connections_max);
  options.limits.stop_grace = settings.shutdown_grace;
  return options;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::make(const Settings& settings, Pulse pulse) {
  const bool is_alone = role_of(settings) == Role::kAlone;
  auto lock = DataDirLock::acquire(settings.data_dir, is_alone ? DataDirLock::Use::kAlone : DataDirLock::Use::kShared);
  if (!lock) return fail(lock.error());
  SystemRandom random;
  auto secret_key = load_secret_key(settings, random);
  if (!secret_key) return fail(secret_key.error());
  auto calls = open_call_store(settings, *secret_key);
  if (!calls) return fail(calls.error());
  std::unique_ptr<Node> node(new Node(settings, std::move(*lock), std::move(*calls), std::move(pulse)));
  if (auto opened = node->open(*secret_key); !opened) return fail(opened.error());
  return node;
}

Node::Node(const Settings& settings, DataDirLock lock, OpenCallStore calls, Pulse pulse)
    : settings_(settings),
      role_(role_of(settings)),
      pulse_(std::move(pulse)),
      lock_(std::move(lock)),
      log_(clock_, LogOptions{settings.log_format, settings.log_level, STDERR_FILENO}),
      metrics_(TAPEDECK_VERSION),
      events_({&log_, &metrics_}),
      calls_(std::move(calls)),
      disk_("disk", kDiskThreads),
      businesses_(calls_.store(), clock_, provider_defaults(settings)),
      backlog_(calls_.store(), clock_),
      leases_confirmed_(clock_.steady_now()) {}

Node::~Node() { stop(); }

Result<void> Node::open(const std::string& secret_key) {
  auto blobs = open_blob_store(settings_, disk_, clock_, random_);
  if (!blobs) return fail(blobs.error());
  blobs_ = std::move(*blobs);
  auto slots = open_slot_store(settings_, clock_, events_, random_);
  if (!slots) return fail(slots.error());
  slots_ = std::move(*slots);
  rules_.emplace(calls_.store(), slots_.store(), businesses_);
  recovery_.emplace(calls_.store(), slots_.store(), businesses_, clock_, slots_.recovery_hold);
  requests_.emplace(slots_.store(), *rules_, *recovery_, clock_, random_);
  if (role_ != Role::kApi) {
    auto fetching = Fetching::make(parts());
    if (!fetching) return fail(fetching.error());
    fetching_ = std::move(*fetching);
    auto upkeeping = Upkeeping::make(parts(), *fetching_);
    if (!upkeeping) return fail(upkeeping.error());
    upkeeping_ = std::move(*upkeeping);
  }
  if (role_ == Role::kWorker) {
    health_.emplace(health());
    server_.emplace(server_options(settings_), *health_);
  } else {
    serving_ = std::make_unique<Serving>(parts(), secret_key, health());
    server_.emplace(server_options(settings_), serving_->handler());
  }
  watch_slots(metrics_, slots_);
  if (fetching_) {
    watch_backlog(metrics_, backlog_);
    watch_leases(metrics_, clock_, leases_confirmed_);
  }
  watch_calls(metrics_, calls_);
  watch_server(metrics_, *server_);
  watch_log(metrics_, log_);
  return {};
}

SharedParts Node::parts() {
  return {settings_,  calls_.store(), slots_.store(), blobs_.store(), businesses_, *recovery_,
          *requests_, progress_,      clock_,         random_,        events_};
}

http::Health Node::health() {
  std::vector<http::ReadinessCheck> readiness{
      {"call_store", [this] { return calls_.store().ping(); }},
      {"slot_store", [this] { return slots_.check(); }, true},
      {"blob_store", [this] { return blobs_.store().ping(); }, true},
  };
  return {std::move(readiness), [this] { return metrics_.text(); }};
}

// A Redis that cannot be reached now is waited for: what is stored plays without it. One that cannot keep the promises
// is refused.
Result<void> Node::check_slot_store() {
  if (!slots_.client) return {};
  auto flaws = run_task(redis::check_servers(*slots_.client));
  if (!flaws) {
    events_.emit({Severity::kWarning, "", "REDIS_AWAY", {{"detail", flaws.error().detail}}});
    return {};
  }
  if (const redis::ServerFlaw* error = redis::first_error(*flaws)) {
    return fail(Errc::kConflict, fmt::format("REDIS_URL: {}: {}", error->node, error->sentence));
  }
  for (const redis::ServerFlaw& flaw : *flaws) {
    events_.emit({Severity::kWarning, "", "REDIS_WARNING", {{"node", flaw.node}, {"detail", flaw.sentence}}});
  }
  return {};
}

// Like a Redis that is away, an object store is waited for: what is asked for keeps its place until it can be stored.
void Node::check_blob_store() {
  if (!blobs_.objects) return;
  const auto answered = run_task(blobs_.store().ping());
  if (!answered) events_.emit({Severity::kError, "", "STORAGE_AWAY", {{"detail", answered.error().detail}}});
}

Result<void> Node::start() {
  const SteadyTime began = clock_.steady_now();
  if (auto checked = check_slot_store(); !checked) return checked;
  check_blob_store();
  if (auto recovered = run_task(recover()); !recovered) return fail(recovered.error());
  if (auto started = server_->start(); !started) return fail(started.error());
  boost::asio::co_spawn(work_loop_, work(stop_work_.get_token()), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  work_thread_ = std::thread([this] { work_loop_.run(); });
  tell_ready(began);
  return {};
}

// The order matters: nothing may ask for a slot before the slots are rebuilt. Shared slots outlive this process: the
// sweep tells when they are to be rebuilt.
Task<Result<void>> Node::recover() {
  int leftover_files = 0;
  if (blobs_.folder) {
    auto collected = co_await blobs_.folder->collect_leftovers();
    if (!collected) co_return fail(collected.error());
    leftover_files = *collected;
  }
  RecoveryReport report;
  if (role_ == Role::kAlone) {
    auto rules = co_await rules_->refresh();
    if (!rules) co_return fail(rules.error());
    auto recovered = co_await recover_slots(calls_.store(), slots_.store(), businesses_, 1, clock_.system_now());
    if (!recovered) co_return fail(recovered.error());
    report = *recovered;
  }
  if (leftover_files == 0 && report.recordings == 0) co_return Result<void>();
  events_.emit({Severity::kInfo,
                "",
                "RECOVERED",
                {{"waiting", std::int64_t{report.recordings}},
                 {"interrupted", std::int64_t{report.interrupted}},
                 {"businesses", std::int64_t{report.businesses}},
                 {"leftover_files", std::int64_t{leftover_files}}}});
  co_return Result<void>();
}

void Node::tell_ready(SteadyTime began) {
  for (const std::string& warning : settings_.warnings) {
    events_.emit({Severity::kWarning, "", "SETTINGS_WARNING", {{"detail", warning}}});
  }
  events_.emit({Severity::kInfo,
                "",
                "SERVER_READY",
                {{"url", fmt::format("http://{}:{}/", settings_.listen.host, server_->port())},
                 {"role", std::string(role_name(role_))},
                 {"version", std::string(TAPEDECK_VERSION)},
                 {"seconds", std::chrono::duration<double>(clock_.steady_now() - began).count()}}});
}

// Everything that runs beside the requests, until it is stopped.
Task<> Node::work(std::stop_token stop) {
  const auto executor = work_loop_.get_executor();
  TaskScope scope(executor, [this](std::exception_ptr) { events_.emit({Severity::kError, "", "UPKEEP_FAILED", {}}); });
  scope.spawn(refresh_rules(stop));
  if (const auto every = watchdog_interval()) scope.spawn(show_alive(*every, stop));
  if (fetching_) {
    const Pulse pulse = [this](SteadyTime confirmed) {
      leases_confirmed_ = confirmed;
      if (pulse_) pulse_(confirmed);
    };
    scope.spawn(fetching_->run(executor, worker_options(settings_, random_, pulse), stop));
    scope.spawn(upkeeping_->upkeep().run(executor, stop));
    scope.spawn(reconcile(stop));
    scope.spawn(fetching_->delete_sources(stop));
    scope.spawn(end_retentions_in_time(stop));
    scope.spawn(backlog_.run(stop));
    if (blobs_.objects) scope.spawn(collect_uploads(stop));
  }
  if (serving_) scope.spawn(serving_->audit().run(stop));
  co_await scope.join();
}

Task<> Node::refresh_rules(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto refreshed = co_await rules_->refresh();
    (void)refreshed;  // tried again in a second; readyz tells that the store is away
    co_await clock_.sleep_for(kRulesRefresh, stop);
  }
}

// Now and then, by whoever has the lease of the upkeep; and by each as soon as a slot store is back that was away: what
// webhooks announced meanwhile waits for it.
Task<> Node::reconcile(std::stop_token stop) {
  SteadyTime next = clock_.steady_now() + kReconcileEvery;
  bool was_away = false;
  while (!stop.stop_requested()) {
    co_await clock_.sleep_for(kSlotStoreLook, stop);
    if (stop.stop_requested()) co_return;
    auto alive = co_await slots_.store().ping();
    const bool is_back = alive && std::exchange(was_away, !alive);
    if (!alive) was_away = true;
    if (!alive || (!is_back && clock_.steady_now() < next)) continue;
    next = clock_.steady_now() + kReconcileEvery;
    if (!is_back && !upkeeping_->upkeep().has_lease()) continue;
    auto reconciled = co_await reconcile_slots(calls_.store(), slots_.store(), *requests_, clock_.system_now());
    if (reconciled && reconciled->recordings > 0) {
      events_.emit({Severity::kWarning, "", "RECONCILED", {{"waiting", std::int64_t{reconciled->recordings}}}});
    }
    co_await collect_deleted();
  }
}

Task<> Node::end_retentions_in_time(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto ended = co_await end_retentions(calls_.store(), events_, clock_.system_now());
    if (ended && *ended > 0) co_await collect_deleted();
    co_await clock_.sleep_for(kRetentionEvery, stop);
  }
}

Task<> Node::collect_deleted() {
  auto rows = co_await calls_.store().deleted_with_blob(kDeletedBatch);
  if (!rows) co_return;
  for (const Recording& row : *rows) {
    if (!row.audio) continue;
    auto removed = co_await remove_blobs(blobs_.store(), row.audio->blob_key);
    if (!removed) continue;
    auto forgotten = co_await calls_.store().forget_blob(row.row_id);
    (void)forgotten;  // found again the next time
  }
}

Task<> Node::show_alive(Milliseconds every, std::stop_token stop) {
  while (!stop.stop_requested()) {
    notify_alive();
    co_await clock_.sleep_for(every, stop);
  }
}

// Uploads in parts that nobody completed cost their room until they are ended.
Task<> Node::collect_uploads(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto collected = co_await blobs_.objects->collect_leftovers();
    if (collected && *collected > 0) {
      events_.emit({Severity::kInfo, "", "UPLOADS_COLLECTED", {{"uploads", std::int64_t{*collected}}}});
    }
    co_await clock_.sleep_for(kCollectUploadsEvery, stop);
  }
}

void Node::stop() {
  if (!work_thread_.joinable()) return;
  events_.emit({Severity::kInfo, "", "SERVER_STOPPING", {}});
  stop_work_.request_stop();
  server_->stop();
  work_thread_.join();
  if (serving_) {
    auto flushed = run_task(serving_->audit().flush());
    (void)flushed;
  }
  events_.emit({Severity::kInfo, "", "SERVER_STOPPED", {}});
}

}  // namespace tapedeck

#include "main/node.hpp"

#include <utility>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>

#include "base/encoding.hpp"
#include "domain/events.hpp"
#include "main/secret_key.hpp"
#include "main/service_manager.hpp"
#include "main/watch.hpp"
#include "runtime/describe.hpp"
#include "runtime/run_task.hpp"
#include "slots/recovery.hpp"
#include "slots/redis/server_check.hpp"
#include "telemetry/process_metrics.hpp"

namespace tapedeck {
namespace {

// Threads for the disk: writes of downloads and opens of what is played.
constexpr std::size_t kDiskThreads = 4;
// Random bytes in a process's name, so that it is unique among all hosts.
constexpr std::size_t kProcessNameBytes = 8;

std::string make_process_name(Random& random) {
  return fmt::format("{}-{}", ::getpid(), to_hex(random.bytes(kProcessNameBytes)));
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

Task<Result<void>> show_alive() {
  notify_alive();
  co_return Result<void>();
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
      process_name_(make_process_name(random_)),
      log_(clock_, LogOptions{settings.log_format, settings.log_level, STDERR_FILENO}),
      metrics_(TAPEDECK_VERSION),
      events_({&log_, &metrics_}),
      calls_(std::move(calls)),
      disk_("disk", kDiskThreads),
      businesses_(calls_.store(), clock_, provider_defaults(settings)),
      leases_confirmed_(clock_.steady_now()) {}

Node::~Node() { stop(); }

Result<void> Node::open(const std::string& secret_key) {
  auto blobs = open_blob_store(settings_, disk_, clock_, random_);
  if (!blobs) return fail(blobs.error());
  blobs_ = std::move(*blobs);
  auto slots = open_slot_store(settings_, clock_, events_, random_);
  if (!slots) return fail(slots.error());
  slots_ = std::move(*slots);
  rules_.emplace(slots_.store(), businesses_);
  recovery_.emplace(calls_.store(), calls_.store(), slots_.store(), businesses_, clock_, slots_.recovery_hold);
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
  watch_parts();
  return {};
}

SharedParts Node::parts() {
  return {settings_,  process_name_, calls_.store(), slots_.store(), blobs_.store(), businesses_,
          *recovery_, *requests_,    progress_,      clock_,         random_,        events_};
}

http::Health Node::health() {
  const auto remembered = [this](std::function<Task<Result<void>>()> check) {
    const auto once = std::make_shared<http::RememberedCheck>(std::move(check), clock_);
    return [once] { return once->look(); };
  };
  std::vector<http::ReadinessCheck> readiness{
      {"call_store", remembered([this] { return calls_.store().ping(); })},
      {"slot_store", remembered([this] { return slots_.check(); }), true},
      {"blob_store", remembered([this] { return blobs_.store().ping(); }), true},
  };
  return {std::move(readiness), [this] { return metrics_.text(); }};
}

void Node::watch_parts() {
  watch_process(metrics_);
  watch_log(metrics_, log_);
  watch_disk(metrics_, disk_);
  watch_calls(metrics_, calls_);
  watch_slots(metrics_, slots_);
  watch_server(metrics_, *server_);
  if (!fetching_) return;
  watch_backlog(metrics_, upkeeping_->backlog());
  watch_leases(metrics_, clock_, leases_confirmed_);
}

// An object store that is away is waited for: what is asked for keeps its place until it can be stored.
void Node::check_blob_store() {
  if (!blobs_.objects) return;
  const auto answered = run_task(blobs_.store().ping());
  if (!answered) events_.emit(event::storage_away(answered.error().detail));
}

Result<void> Node::start() {
  const SteadyTime began = clock_.steady_now();
  if (auto checked = run_task(slots_.check_at_start(events_)); !checked) return checked;
  check_blob_store();
  if (auto recovered = run_task(recover()); !recovered) return fail(recovered.error());
  if (auto started = server_->start(); !started) return fail(started.error());
  // An exception of the whole work is a broken invariant: it ends the process rather than leave it idle.
  boost::asio::co_spawn(work_loop_, work(stop_work_.get_token()), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  work_thread_ = std::thread([this] { work_loop_.run(); });
  log_ready(began);
  return {};
}

// The order matters: nothing may ask for a slot before the slots are rebuilt. Shared slots outlive this process: the
// worker's sweep finds out when they must be rebuilt.
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
    auto recovered =
        co_await recover_slots(calls_.store(), calls_.store(), slots_.store(), businesses_, 1, clock_.system_now());
    if (!recovered) co_return fail(recovered.error());
    report = *recovered;
  }
  if (leftover_files == 0 && report.recordings == 0) co_return Result<void>();
  const event::RecoveredCounts counts{report.recordings, report.interrupted, report.businesses};
  events_.emit(event::recovered(counts, leftover_files));
  co_return Result<void>();
}

void Node::log_ready(SteadyTime began) {
  for (const std::string& warning : settings_.warnings) events_.emit(event::settings_warning(warning));
  events_.emit(event::server_ready(fmt::format("http://{}:{}/", settings_.listen.host, server_->port()),
                                   role_name(role_), TAPEDECK_VERSION, clock_.steady_now() - began));
}

// Everything that runs beside the requests, until it is stopped.
Task<> Node::work(std::stop_token stop) {
  const auto executor = work_loop_.get_executor();
  std::optional<ServingUpkeep> serving;
  if (serving_) serving.emplace(serving_->audit(), serving_->hot());
  WorkerUpkeep* const worker = upkeeping_ ? &upkeeping_->worker() : nullptr;
  std::vector<UpkeepTask> table = upkeep_table(*rules_, serving ? &*serving : nullptr, worker);
  if (const auto every = watchdog_interval()) {
    table.push_back({"watchdog", *every, false, [](std::stop_token) { return show_alive(); }});
  }
  TaskScope scope(executor, [this](std::exception_ptr failure) {
    events_.emit(event::upkeep_failed("process", describe(failure)));
  });
  scope.spawn(run_upkeep(std::move(table), worker != nullptr ? &worker->lease : nullptr, clock_, events_, stop));
  if (fetching_) {
    Pulse pulse = [this](SteadyTime confirmed) {
      leases_confirmed_ = confirmed;
      if (pulse_) pulse_(confirmed);
    };
    scope.spawn(fetching_->run(executor, std::move(pulse), stop));
  }
  co_await scope.join();
}

void Node::stop() {
  if (!work_thread_.joinable()) return;
  events_.emit(event::server_stopping());
  stop_work_.request_stop();
  server_->stop();
  work_thread_.join();
  if (serving_) {
    auto written = run_task(serving_->audit().write());
    (void)written;  // a failure is logged
  }
  events_.emit(event::server_stopped());
}

}  // namespace tapedeck

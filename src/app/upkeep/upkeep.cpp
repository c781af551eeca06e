#include "app/upkeep/upkeep.hpp"

#include <algorithm>
#include <exception>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "runtime/describe.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {
namespace {

struct Upkeep {
  UpkeepLease* lease;
  Clock& clock;
  EventSink& events;
};

void log_failure(EventSink& events, Severity severity, std::string_view task, const Error& error) {
  events.emit(
      {severity,
       "",
       "RECONCILE_FAILED",
       {{"task", std::string(task)}, {"cause", std::string(errc_name(error.errc()))}, {"detail", error.detail}}});
}

void log_exception(EventSink& events, std::string_view task, const std::exception_ptr& failure) {
  events.emit({Severity::kError, "", "UPKEEP_FAILED", {{"task", std::string(task)}, {"detail", describe(failure)}}});
}

// Runs one task now and then.
class Repetition {
 public:
  Repetition(const Upkeep& upkeep, const UpkeepTask& task) : upkeep_(upkeep), task_(task), pause_(task.interval) {}

  Task<> run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      if (task_.needs_lease && !upkeep_.lease->is_held()) {
        co_await upkeep_.clock.sleep_for(kUpkeepLeaseLook, stop);
        continue;
      }
      co_await run_once(stop);
      co_await upkeep_.clock.sleep_for(pause_, stop);
    }
  }

 private:
  Task<> run_once(std::stop_token stop) {
    std::stop_source source;
    const auto end = [&source] { source.request_stop(); };
    const std::stop_callback on_stop(stop, end);
    const std::stop_callback on_loss(task_.needs_lease ? upkeep_.lease->lost() : std::stop_token(), end);
    Result<void> ran;
    std::exception_ptr exception;
    try {
      Result<void> result = co_await task_.run(source.get_token());
      ran = std::move(result);
    } catch (...) {
      exception = std::current_exception();
    }
    if (exception) {
      log_exception(upkeep_.events, task_.name, exception);
      back_off();
    } else if (!ran && !source.stop_requested()) {  // what a stop cuts short did not fail
      // One warning for an outage, not one for each try.
      const bool is_new = std::exchange(cause_, ran.error().errc()) != ran.error().errc();
      log_failure(upkeep_.events, is_new ? Severity::kWarning : Severity::kDebug, task_.name, ran.error());
      back_off();
    } else {
      cause_.reset();
      pause_ = task_.interval;
    }
  }

  void back_off() { pause_ = std::min(2 * pause_, std::max(task_.interval, task_.retry_max)); }

  const Upkeep& upkeep_;
  const UpkeepTask& task_;
  Milliseconds pause_;
  std::optional<Errc> cause_;  // of the last failure, until a run succeeds
};

}  // namespace

Task<> run_upkeep(std::vector<UpkeepTask> table, UpkeepLease* lease, Clock& clock, EventSink& events,
                  std::stop_token stop) {
  const Upkeep upkeep{lease, clock, events};
  const auto executor = co_await boost::asio::this_coro::executor;
  TaskScope scope(executor, [&events](std::exception_ptr failure) { log_exception(events, "loop", failure); });
  std::list<Repetition> repetitions;
  for (const UpkeepTask& task : table) scope.spawn(repetitions.emplace_back(upkeep, task).run(stop));
  co_await scope.join();
  if (lease != nullptr) co_await lease->drop();
}

}  // namespace tapedeck

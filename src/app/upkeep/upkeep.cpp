#include "app/upkeep/upkeep.hpp"

#include <utility>

#include "app/upkeep_names.hpp"
#include "domain/events.hpp"
#include "runtime/task_scope.hpp"
#include "slots/import_feed.hpp"

namespace tapedeck {

Task<> Upkeep::run(boost::asio::any_io_executor executor, std::stop_token stop) {
  TaskScope scope(executor, [this](std::exception_ptr) { d_.events.emit(event::upkeep_failed()); });
  scope.spawn(keep_lease(stop));
  scope.spawn(feed(stop));
  if (lists_) scope.spawn(look_for_missed(stop));
  scope.spawn(check_storage(stop));
  co_await scope.join();
  if (!has_lease_) co_return;
  auto dropped = co_await d_.calls.drop_lease(kUpkeepLease, holder_);
  (void)dropped;  // else it expires
}

// It is believed from the moment of asking, which is before the moment that the store counts from.
Task<> Upkeep::keep_lease(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const SteadyTime asked = d_.clock.steady_now();
    auto taken = co_await d_.calls.take_lease(kUpkeepLease, holder_, d_.clock.system_now(), kUpkeepLeaseTtl);
    if (taken) has_lease_ = *taken;
    if (taken && *taken) lease_until_ = asked + kUpkeepLeaseTtl;
    co_await d_.clock.sleep_for(kUpkeepLeaseEvery, stop);
  }
}

Task<> Upkeep::feed(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (has_lease()) co_await feed_once();
    co_await d_.clock.sleep_for(kFeedEvery, stop);
  }
}

// What fails here is tried again in a second; readyz tells which store is away.
Task<> Upkeep::feed_once() {
  const SystemTime now = d_.clock.system_now();
  auto importing = co_await d_.calls.importing_since(now - kFeedFresh);
  if (!importing) co_return;
  for (const BusinessId& business : *importing) {
    auto fed = co_await feed_fetches(d_.calls, d_.slots, d_.requests, business, now);
    (void)fed;
  }
}

// Somebody has set the marks back, and wants it noticed.
Task<bool> Upkeep::is_wanted() {
  auto mark = co_await d_.calls.find_mark(kWantedMark);
  if (!mark || mark->cursor == wanted_) co_return false;
  wanted_ = mark->cursor;
  co_return true;
}

Task<> Upkeep::look_for_missed(std::stop_token stop) {
  SteadyTime next = d_.clock.steady_now();
  const auto goes_on = [this] { return has_lease(); };
  while (!stop.stop_requested()) {
    const bool wanted = co_await is_wanted();
    if (wanted) d_.missed.forget_failures();
    if (has_lease() && (wanted || d_.clock.steady_now() >= next)) {
      next = d_.clock.steady_now() + kListingLook;
      auto looked = co_await d_.missed.look(goes_on, stop);
      if (!looked && !stop.stop_requested()) tell_failure("missed_webhooks", looked.error());
    }
    co_await d_.clock.sleep_for(kFeedEvery, stop);
  }
}

Task<> Upkeep::check_storage(std::stop_token stop) {
  while (!stop.stop_requested()) {
    Milliseconds pause = kStorageStepEvery;
    if (has_lease()) {
      auto stepped = co_await d_.storage.step(stop);
      if (!stepped && !stop.stop_requested()) {
        tell_failure("storage", stepped.error());
        pause = kStorageStepRetry;
      }
    }
    co_await d_.clock.sleep_for(pause, stop);
  }
}

void Upkeep::tell_failure(std::string task, const Error& error) {
  d_.events.emit(event::reconcile_failed(std::move(task), error));
}

}  // namespace tapedeck

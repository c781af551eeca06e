#include "app/worker/slot_sweep.hpp"

#include <optional>

#include "domain/events.hpp"

namespace tapedeck {

Task<> SlotSweep::run(Milliseconds every, std::stop_token stop) {
  while (!stop.stop_requested()) {
    co_await d_.clock.sleep_for(every, stop);
    if (!stop.stop_requested()) co_await sweep_once(stop);
  }
}

Task<> SlotSweep::sweep_once(std::stop_token stop) {
  auto swept = co_await d_.slots.sweep();
  if (!swept) co_return;
  for (const SweepReport::Item& item : swept->reclaimed) {
    std::optional<Cause> give_up;
    if (item.gave_up) {
      give_up = Cause{std::string(errc_name(Errc::kLeaseLost)),
                      "the worker was lost again and again while it fetched this recording"};
    }
    auto reclaimed = co_await d_.attempts.reclaim(item.business, item.sid, give_up);
    (void)reclaimed;  // the reconciliation finds a row that stays processing
  }
  for (const SweepReport::Refill& wanted : swept->refills) {
    if (stop.stop_requested()) co_return;
    co_await refill(wanted.business, wanted.refill);
  }
  for (const BusinessId& business : swept->lost) {
    if (stop.stop_requested()) co_return;
    auto recovered = co_await d_.recovery.recover(business, {});
    (void)recovered;  // on failure the next request or the reconciliation does it
  }
  if (swept->everything_lost && !stop.stop_requested()) co_await recover_everything();
}

Task<> SlotSweep::refill(BusinessId business, std::int64_t refill) {
  const int window = d_.slots.fetch_window();
  auto sids = co_await waiting_.waiting_fetches(business, d_.clock.system_now(), window);
  if (!sids) co_return;
  const bool is_all = std::ssize(*sids) < window;
  auto refilled = co_await d_.slots.refill(business, refill, std::move(*sids), is_all);
  (void)refilled;
}

Task<> SlotSweep::recover_everything() {
  d_.events.emit(event::slots_lost());
  const SteadyTime began = d_.clock.steady_now();
  auto recovered = co_await d_.recovery.recover_all();
  if (!recovered) {
    d_.events.emit(event::recovery_failed(recovered.error().detail));
    co_return;  // the next sweep is told again
  }
  auto marked = co_await d_.slots.mark_recovered();
  (void)marked;  // on failure the next sweep is told again
  const event::RecoveredCounts counts{recovered->recordings, recovered->interrupted, recovered->businesses};
  d_.events.emit(event::recovered(counts, d_.clock.steady_now() - began));
}

}  // namespace tapedeck

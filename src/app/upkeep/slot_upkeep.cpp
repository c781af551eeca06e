#include "app/upkeep/slot_upkeep.hpp"

#include <utility>

#include "slots/import_feed.hpp"
#include "slots/reconciliation.hpp"

namespace tapedeck {

Task<Result<void>> SlotUpkeep::feed_imports() {
  const SystemTime now = d_.clock.system_now();
  auto importing = co_await d_.calls.importing_since(now - kFeedFresh);
  if (!importing) co_return fail(importing.error());
  Result<void> last;
  for (const BusinessId& business : *importing) {
    auto fed = co_await feed_fetches(d_.calls, d_.slots, d_.requests, business, now);
    if (!fed) last = fail(fed.error());
  }
  co_return last;
}

Task<Result<void>> SlotUpkeep::reconcile() {
  auto reconciled = co_await reconcile_slots(d_.calls, d_.slots, d_.requests, d_.clock.system_now());
  if (!reconciled) co_return fail(reconciled.error());
  if (reconciled->recordings > 0) {
    d_.events.emit({Severity::kWarning, "", "RECONCILED", {{"waiting", std::int64_t{reconciled->recordings}}}});
  }
  co_return Result<void>();
}

Task<Result<void>> SlotUpkeep::reconcile_on_return() {
  auto answered = co_await d_.slots.ping();
  const bool is_back = answered && was_away_;
  was_away_ = !answered;
  if (!is_back) co_return Result<void>();
  Result<void> reconciled = co_await reconcile();
  co_return reconciled;
}

}  // namespace tapedeck

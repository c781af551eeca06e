#include "app/upkeep/lease.hpp"

#include "app/upkeep_names.hpp"

namespace tapedeck {

// The time of the lease counts from the asking, which is before the moment that the store counts from.
Task<Result<void>> UpkeepLease::renew() {
  const SteadyTime asked = clock_.steady_now();
  auto taken = co_await calls_.take_lease(kUpkeepLease, holder_, clock_.system_now(), kUpkeepLeaseTtl);
  if (!taken) co_return fail(taken.error());
  if (*taken) {
    take(asked + kUpkeepLeaseTtl);
  } else {
    lose();
  }
  co_return Result<void>();
}

bool UpkeepLease::is_held() {
  if (clock_.steady_now() >= until_) lose();
  return is_held_;
}

Task<> UpkeepLease::drop() {
  if (!is_held_) co_return;
  lose();
  auto dropped = co_await calls_.drop_lease(kUpkeepLease, holder_);
  (void)dropped;  // else it expires
}

void UpkeepLease::take(SteadyTime until) {
  if (!is_held_) lost_ = std::stop_source();
  is_held_ = true;
  until_ = until;
}

void UpkeepLease::lose() {
  if (!is_held_) return;
  is_held_ = false;
  lost_.request_stop();
}

}  // namespace tapedeck

#pragma once

#include <stop_token>
#include <string>

#include "calls/ports/call_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// How long the lease lasts, and the interval at which its holder renews it and others ask for it.
inline constexpr Milliseconds kUpkeepLeaseTtl{15'000};
inline constexpr Milliseconds kUpkeepLeaseEvery{5'000};

/// The lease of the upkeep, as one process knows it. The call store gives it to one process at a time, by wall clocks:
/// two processes may believe that they hold it for the moment that their clocks differ. One executor of one thread.
class UpkeepLease {
 public:
  /// `holder` names this process, and no other.
  UpkeepLease(CallStore& calls, Clock& clock, std::string holder)
      : calls_(calls), clock_(clock), holder_(std::move(holder)) {}

  /// Takes the lease where it is free, or renews it. Error: the call store's; a lease that is held is held on until its
  /// end.
  [[nodiscard]] Task<Result<void>> renew();
  /// Whether this process holds the lease now. Notices when its time is over.
  [[nodiscard]] bool is_held();
  /// A stop is requested of it once the lease is lost. Of the lease that is held now.
  [[nodiscard]] std::stop_token lost() const { return lost_.get_token(); }
  /// Gives the lease back, so that another process need not wait for its end.
  [[nodiscard]] Task<> drop();

 private:
  void take(SteadyTime until);
  void lose();

  CallStore& calls_;
  Clock& clock_;
  const std::string holder_;
  bool is_held_ = false;
  SteadyTime until_{};
  std::stop_source lost_;
};

}  // namespace tapedeck

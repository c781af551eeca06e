#pragma once

#include <stop_token>

#include "app/worker/fetch_job.hpp"
#include "calls/ports/waiting_store.hpp"

namespace tapedeck {

/// Looks after all businesses' slots: takes back those of dead workers, moves waiting fetches into the window, and
/// rebuilds slots that were lost. A failed step is repeated by the next sweep.
class SlotSweep {
 public:
  SlotSweep(const FetchJob::Dependencies& dependencies, WaitingStore& waiting) : d_(dependencies), waiting_(waiting) {}

  /// Sweeps at this interval until `stop` is requested.
  [[nodiscard]] Task<> run(Milliseconds every, std::stop_token stop);

 private:
  [[nodiscard]] Task<> sweep_once(std::stop_token stop);
  [[nodiscard]] Task<> refill(BusinessId business, std::int64_t refill);
  [[nodiscard]] Task<> recover_everything();

  FetchJob::Dependencies d_;
  WaitingStore& waiting_;
};

}  // namespace tapedeck

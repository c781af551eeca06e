#pragma once

#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "app/upkeep/lease.hpp"
#include "domain/event_sink.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// The pause after a failed run doubles from the task's interval up to this, or stays at the interval where that is
/// longer.
inline constexpr Milliseconds kUpkeepRetryMax{30'000};
/// Interval at which a task that needs the lease looks whether this process has it now.
inline constexpr Milliseconds kUpkeepLeaseLook{1'000};

/// One row of the table of periodic work.
struct UpkeepTask {
  std::string_view name;  ///< a literal, for the log and the metrics
  Milliseconds interval;  ///< from the end of a run to the beginning of the next; the first run is at once
  bool needs_lease;       ///< one process at a time runs it
  /// A stop is requested when the process ends, or once the lease is lost.
  std::function<Task<Result<void>>(std::stop_token stop)> run;
  Milliseconds retry_max = kUpkeepRetryMax;
};

/// Runs every task of the table, each beside the others, until `stop` is requested; then gives the lease back. A
/// failure is logged with its reason and the task runs again later: RECONCILE_FAILED for an error (a warning when its
/// cause is new, else a debug line), UPKEEP_FAILED for an exception. Every task runs on the awaiting executor, of one
/// thread. `lease` may be null where no task needs it.
[[nodiscard]] Task<> run_upkeep(std::vector<UpkeepTask> table, UpkeepLease* lease, Clock& clock, EventSink& events,
                                std::stop_token stop);

}  // namespace tapedeck

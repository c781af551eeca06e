#pragma once

#include <functional>

#include "app/worker/worker.hpp"
#include "main/settings.hpp"

namespace tapedeck {

/// A worker that is ready is killed when its pulse has confirmed no download for this long. The worker should have
/// closed its downloads before (WorkerOptions::close_after), and its leases expire later (kLeaseTtl), with time for the
/// provider to notice.
inline constexpr Milliseconds kWorkerSilenceMax{9'000};
/// A worker that is started again is killed when it is not ready after this long. The first start is watched by the
/// service manager.
inline constexpr Milliseconds kRestartedReadyMax{120'000};
/// Interval between two looks at the worker.
inline constexpr Milliseconds kSupervisorLook{250};
/// Pause before a worker that has ended is started again. It doubles from the first to the longest, and begins anew
/// after a worker that lived longer than the longest.
inline constexpr Milliseconds kRestartFirst{100};
inline constexpr Milliseconds kRestartMax{10'000};

/// Limits that tests make shorter.
struct SupervisorLimits {
  Milliseconds silence_max = kWorkerSilenceMax;
  Milliseconds restarted_ready_max = kRestartedReadyMax;
};

/// What a supervised worker reports to its supervisor.
struct Supervised {
  Pulse pulse;
  std::function<void()> ready;     ///< it works now, and its pulse will come
  std::function<void()> stopping;  ///< it was told to stop, and does
};

/// Runs `work` in a child process and watches it. Returns the child's exit code once the child has ended as it was told
/// to, or when it ends and no child has ever been ready.
///
/// A child that stalls (stopped, deadlocked, stuck in the kernel) is killed with SIGKILL, so that the kernel closes its
/// connections to the provider before another worker may have its slots. A child that was killed or that broke is
/// started again. SIGTERM and SIGINT are passed on to the child, unless it got its own. Parent and child end with each
/// other. Call it before any thread is started.
[[nodiscard]] int supervise(const Settings& settings, const std::function<int(Supervised)>& work,
                            SupervisorLimits limits = {});

}  // namespace tapedeck

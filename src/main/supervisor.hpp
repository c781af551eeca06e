#pragma once

#include <chrono>
#include <functional>

#include "app/worker/worker.hpp"
#include "main/settings.hpp"

namespace tapedeck {

/// The worker is killed when it has not shown for this long that its downloads are allowed: after the worker should
/// have closed them by itself (WorkerOptions::close_after), and before its leases expire (kLeaseTtl), with time for the
/// provider to notice.
inline constexpr Milliseconds kWorkerSilenceMax{9'000};
/// How often it is looked at.
inline constexpr Milliseconds kSupervisorLook{250};
/// Pause before a worker that has ended is started again; doubles from the first to the longest, and starts anew after
/// a worker that lived longer than that.
inline constexpr Milliseconds kRestartFirst{100};
inline constexpr Milliseconds kRestartMax{10'000};

/// What a supervised worker tells its supervisor.
struct Supervised {
  Pulse pulse;
  std::function<void()> ready;     ///< it works now, and the pulse will come
  std::function<void()> stopping;  ///< it was told to stop, and does
};

/// Runs `work` in a child process, and watches it; returns its exit code once it has ended as it was told to, or before
/// it was ever ready. A child that stalls (stopped, deadlocked, stuck in the kernel) is killed with SIGKILL, so that
/// the kernel closes its connections to the provider before somebody else may have its slots; one that was killed or
/// that broke is started again. SIGTERM and SIGINT are passed on, unless the child got its own. Parent and child end
/// with each other. To be called before any thread is started.
[[nodiscard]] int supervise(const Settings& settings, const std::function<int(Supervised)>& work);

}  // namespace tapedeck

#pragma once

#include <stop_token>
#include <utility>

#include "base/time.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Time, as use cases see it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// For records and for what people read. It may jump.
  [[nodiscard]] virtual SystemTime system_now() const = 0;
  /// For waits and leases. It goes on while the machine sleeps (CLOCK_BOOTTIME).
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  /// Returns at `deadline`, or sooner when `stop` is requested.
  [[nodiscard]] virtual Task<> sleep_until(SteadyTime deadline, std::stop_token stop) = 0;

  [[nodiscard]] Task<> sleep_for(Milliseconds duration, std::stop_token stop) {
    return sleep_until(steady_now() + duration, std::move(stop));
  }
};

}  // namespace tapedeck

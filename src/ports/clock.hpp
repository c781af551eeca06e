#pragma once

#include "core/time.hpp"
#include "ports/task.hpp"

namespace tapedeck {

/// Time as the use cases see it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// For records and for what people read. May jump.
  [[nodiscard]] virtual SystemTime system_now() const = 0;
  /// For waits and leases. Goes on while the machine sleeps (CLOCK_BOOTTIME).
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  /// Returns at `deadline`; throws boost::system::system_error(operation_aborted) when the task is cancelled.
  [[nodiscard]] virtual Task<> sleep_until(SteadyTime deadline) = 0;
};

}  // namespace tapedeck

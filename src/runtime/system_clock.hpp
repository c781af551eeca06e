#pragma once

#include "runtime/clock.hpp"

namespace tapedeck {

/// Longest run of one timer before the clock is read again. Timers stand still while the machine sleeps
/// (CLOCK_MONOTONIC) and deadlines do not (CLOCK_BOOTTIME), so a wait may end late by this much after a sleep.
inline constexpr Seconds kSleepSliceMax{5};

/// The machine's clocks: CLOCK_REALTIME and CLOCK_BOOTTIME.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] SystemTime system_now() const override;
  [[nodiscard]] SteadyTime steady_now() const override;
  /// Waits by a timer on the awaiting executor. A deadline that has passed returns at once.
  [[nodiscard]] Task<> sleep_until(SteadyTime deadline, std::stop_token stop) override;
};

}  // namespace tapedeck

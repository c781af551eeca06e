#pragma once

#include <map>
#include <memory>

#include "runtime/alarm.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// A clock that stands still until it is told to go. One thread only.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] SystemTime system_now() const override {
    return SystemTime(kStart + std::chrono::floor<Milliseconds>(now_.time_since_epoch()));
  }
  [[nodiscard]] SteadyTime steady_now() const override { return now_; }
  [[nodiscard]] Task<> sleep_until(SteadyTime deadline, std::stop_token stop) override;

  /// Moves on, and wakes those whose time has come, in the order of their deadlines.
  void advance_to(SteadyTime time);
  void advance(std::chrono::nanoseconds step) { advance_to(now_ + step); }
  /// The earliest deadline that somebody waits for.
  [[nodiscard]] std::optional<SteadyTime> next_deadline() const;

 private:
  static constexpr Milliseconds kStart{1'795'000'000'000};  // in November 2026
  SteadyTime now_{};
  std::multimap<SteadyTime, Alarm*> sleepers_;
};

}  // namespace tapedeck

#pragma once

#include <chrono>
#include <cstdint>

#include "base/time.hpp"

namespace tapedeck {

/// Tells whether bytes come too slowly: fewer than `bytes_per_second` on average over a whole window. A new window
/// starts when the last was fast enough, and on restart(), after a wait that we caused. Pure: time is an argument.
class SpeedWindow {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// No limit when `bytes_per_second` is 0.
  SpeedWindow(std::uint64_t bytes_per_second, Milliseconds length)
      : bytes_per_second_(bytes_per_second), length_(length) {}

  void restart(Time now) noexcept {
    started_at_ = now;
    bytes_ = 0;
  }
  void add(std::uint64_t bytes) noexcept { bytes_ += bytes; }

  /// To be called regularly, at least at ends_at().
  [[nodiscard]] bool is_too_slow(Time now) noexcept;
  /// When the window ends; Time::max() without a limit.
  [[nodiscard]] Time ends_at() const noexcept { return bytes_per_second_ == 0 ? Time::max() : started_at_ + length_; }

 private:
  std::uint64_t bytes_per_second_;
  Milliseconds length_;
  Time started_at_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace tapedeck

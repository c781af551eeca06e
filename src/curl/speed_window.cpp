#include "curl/speed_window.hpp"

namespace tapedeck {
namespace {

constexpr std::uint64_t kMillisecondsPerSecond = 1000;

}  // namespace

bool SpeedWindow::is_too_slow(Time now) noexcept {
  if (now < ends_at()) return false;
  const std::uint64_t wanted = bytes_per_second_ * static_cast<std::uint64_t>(length_.count());
  if (bytes_ * kMillisecondsPerSecond < wanted) return true;
  restart(now);
  return false;
}

}  // namespace tapedeck

#include "adapters/system/system_clock.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tapedeck {

SystemTime SystemClock::system_now() const {
  return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const {
  timespec now{};
  if (clock_gettime(CLOCK_BOOTTIME, &now) != 0) {
    throw std::system_error(errno, std::generic_category(), "clock_gettime(CLOCK_BOOTTIME)");
  }
  return SteadyTime(std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec});
}

Task<> SystemClock::sleep_until(SteadyTime deadline) {
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor);
  for (SteadyTime now = steady_now(); now < deadline; now = steady_now()) {
    timer.expires_after(std::min<std::chrono::nanoseconds>(deadline - now, kSleepSliceMax));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

}  // namespace tapedeck

#include "runtime/system_clock.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>

#include <boost/asio/this_coro.hpp>

#include "runtime/alarm.hpp"

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

Task<> SystemClock::sleep_until(SteadyTime deadline, std::stop_token stop) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Alarm alarm(executor);
  const std::stop_callback on_stop(stop, Alarm::Ringer{&alarm});
  for (SteadyTime now = steady_now(); now < deadline && !stop.stop_requested(); now = steady_now()) {
    co_await alarm.wait_for(std::min<std::chrono::nanoseconds>(deadline - now, kSleepSliceMax));
  }
}

}  // namespace tapedeck

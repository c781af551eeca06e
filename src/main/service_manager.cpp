#include "main/service_manager.hpp"

#include <chrono>
#include <cstdint>

#include <systemd/sd-daemon.h>

namespace tapedeck {

void notify_ready() { ::sd_notify(0, "READY=1"); }

void notify_stopping() { ::sd_notify(0, "STOPPING=1"); }

void notify_alive() { ::sd_notify(0, "WATCHDOG=1"); }

std::optional<Milliseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::floor<Milliseconds>(std::chrono::microseconds(microseconds) / 2);
}

}  // namespace tapedeck

#pragma once

#include <optional>

#include "base/time.hpp"

// Reports the state of this process to the service manager that started it (systemd's Type=notify, sd_notify(3)). Does
// nothing where there is none. Only the process that was started may call it, not its children.

namespace tapedeck {

void notify_ready();
void notify_stopping();
/// Must be called at least every watchdog_interval(): the service manager restarts a process that falls silent.
void notify_alive();
/// Half of the time that the service manager waits; empty where it does not watch this process.
[[nodiscard]] std::optional<Milliseconds> watchdog_interval();

}  // namespace tapedeck

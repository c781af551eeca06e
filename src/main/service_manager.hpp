#pragma once

#include <optional>

#include "base/time.hpp"

// How this process is, for the service manager that started it (systemd's Type=notify, sd_notify(3)). Where there is
// none, nothing happens. To be called by the process that was started, not by its children.

namespace tapedeck {

void notify_ready();
void notify_stopping();
/// To be called at least every watchdog_interval(); the service manager restarts a process that falls silent.
void notify_alive();
/// Half of what the service manager waits for; none where it does not watch this process.
[[nodiscard]] std::optional<Milliseconds> watchdog_interval();

}  // namespace tapedeck

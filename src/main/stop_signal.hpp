#pragma once

#include <csignal>

namespace tapedeck {

/// SIGTERM and SIGINT.
[[nodiscard]] sigset_t stop_signals();

/// Waits for SIGTERM or SIGINT. Make it before any thread is started, so that every thread leaves them to wait().
class StopSignal {
 public:
  StopSignal();
  /// Returns the signal that came. A second one ends the process at once.
  int wait();
};

}  // namespace tapedeck

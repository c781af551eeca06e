#pragma once

#include <functional>
#include <stop_token>

#include "runtime/clock.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {

/// Pause between an exception that left a task and the task's next start.
inline constexpr Milliseconds kRestartPause{1'000};

/// Runs the task that `make` makes, for a loop that must not stay dead: `on_failure` hears of an exception that leaves
/// it, and then it is made and run again. Returns when it returns, or when `stop` is requested during the pause.
[[nodiscard]] Task<> keep_running(std::function<Task<>()> make, TaskScope::FailureHandler on_failure, Clock& clock,
                                  std::stop_token stop);

}  // namespace tapedeck

#pragma once

#include <stdexcept>
#include <utility>

#include "runtime/run_task.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {

/// Runs a task to its end; whenever everybody sleeps, time moves on to the next who wakes.
template <class T>
T run_task(VirtualClock& clock, Task<T> task) {
  boost::asio::io_context context;
  WatchedTask<T> watched(context, std::move(task));
  while (!watched.is_done()) {
    context.restart();
    if (context.poll() > 0) continue;
    const auto next = clock.next_deadline();
    if (!next) throw std::logic_error("nobody sleeps, and the task has not ended");
    clock.advance_to(*next);
  }
  return watched.take();
}

}  // namespace tapedeck

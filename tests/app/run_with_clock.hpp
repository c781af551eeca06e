#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "runtime/task.hpp"
#include "tests/fakes/virtual_clock.hpp"

namespace tapedeck {

/// Runs a task to its end; whenever everybody sleeps, time moves on to the next who wakes.
template <class T>
T run_task(VirtualClock& clock, Task<T> task) {
  boost::asio::io_context context;
  std::optional<T> value;
  std::exception_ptr failure;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T result) {
    failure = error;
    value = std::move(result);
  });
  while (!value && !failure) {
    context.restart();
    if (context.poll() > 0) continue;
    const auto next = clock.next_deadline();
    if (!next) throw std::logic_error("nobody sleeps, and the task has not ended");
    clock.advance_to(*next);
  }
  if (failure) std::rethrow_exception(failure);
  return std::move(*value);
}

}  // namespace tapedeck

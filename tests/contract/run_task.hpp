#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "runtime/task.hpp"

namespace tapedeck {

/// Runs one task to its end on an event loop of its own, on this thread, and returns its value or throws what it threw.
template <class T>
T run_task(Task<T> task) {
  boost::asio::io_context loop(1);
  std::optional<T> value;
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, T result) {
    failure = thrown;
    value.emplace(std::move(result));
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*value);
}

}  // namespace tapedeck

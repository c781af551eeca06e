#pragma once

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "runtime/task.hpp"

namespace tapedeck {

/// Runs one task to its end on a loop of its own. For commands, which do nothing else meanwhile.
template <class T>
[[nodiscard]] T run_task(Task<T> task) {
  boost::asio::io_context loop;
  auto result = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
  loop.run();
  return result.get();
}

}  // namespace tapedeck

#pragma once

#include <chrono>
#include <future>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "ports/task.hpp"

namespace tapedeck {

/// Runs one task to its end on a loop of its own: for commands, which have nothing else to do meanwhile. What the task
/// leaves on the loop, such as a connection that listens, ends with it.
template <class T>
[[nodiscard]] T run_task(Task<T> task) {
  boost::asio::io_context loop;
  auto result = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
  while (result.wait_for(std::chrono::seconds{0}) != std::future_status::ready && loop.run_one() > 0) continue;
  return result.get();
}

}  // namespace tapedeck

#pragma once

#include <cstddef>
#include <exception>
#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "runtime/alarm.hpp"

namespace tapedeck {

/// Owns the tasks that it starts. Its maker joins it before it is destroyed. All tasks run on one executor of one
/// thread, and spawn() and join() are called there.
class TaskScope {
 public:
  /// `on_failure` is called with an exception that left a task. Such a task has ended: see keep_running().
  using FailureHandler = std::function<void(std::exception_ptr)>;

  TaskScope(boost::asio::any_io_executor executor, FailureHandler on_failure);
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  /// Asserts that no task runs.
  ~TaskScope();

  void spawn(boost::asio::awaitable<void> task);
  [[nodiscard]] std::size_t running() const noexcept { return running_; }
  /// Returns when no task runs.
  [[nodiscard]] boost::asio::awaitable<void> join();

 private:
  boost::asio::any_io_executor executor_;
  FailureHandler on_failure_;
  std::size_t running_ = 0;
  Alarm idle_;
};

}  // namespace tapedeck

#pragma once

#include <cstddef>
#include <exception>
#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "runtime/alarm.hpp"

namespace tapedeck {

/// Owns the tasks that it starts: whoever makes a scope joins it before it goes. All tasks run on one executor of one
/// thread, and spawn() and join() are called there.
class TaskScope {
 public:
  /// `on_failure` hears of an exception that left a task: a broken invariant, to be logged.
  using FailureHandler = std::function<void(std::exception_ptr)>;

  TaskScope(boost::asio::any_io_executor executor, FailureHandler on_failure);
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  /// Asserts that nothing runs any more.
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

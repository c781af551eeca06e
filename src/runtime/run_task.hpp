#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "runtime/task.hpp"

namespace tapedeck {

/// Whether a task has ended, and with which exception.
struct TaskEnd {
  bool is_done = false;
  std::exception_ptr failure;
};
/// Starts a task, and notes its end. Compiled once, because Asio's co_spawn() is slow to compile at each use.
void start_task(boost::asio::io_context& loop, Task<> task, std::shared_ptr<TaskEnd> end);

/// How a task on a loop of its watcher's ends. One thread runs the loop and asks.
template <class T>
class WatchedTask {
 public:
  WatchedTask(boost::asio::io_context& loop, Task<T> task) { start_task(loop, keep(std::move(task), end_), end_); }

  [[nodiscard]] bool is_done() const noexcept { return end_->is_done; }
  /// What the task returned, or throws what it threw. Once, when it is done.
  [[nodiscard]] T take() {
    if (end_->failure) std::rethrow_exception(end_->failure);
    if constexpr (!std::is_void_v<T>) return std::move(*end_->value);
  }

 private:
  struct Nothing {};
  struct End : TaskEnd {
    std::optional<std::conditional_t<std::is_void_v<T>, Nothing, T>> value;
  };

  static Task<> keep(Task<T> task, std::shared_ptr<End> end) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
    } else {
      end->value.emplace(co_await std::move(task));
    }
  }

  std::shared_ptr<End> end_ = std::make_shared<End>();
};

/// Runs one task to its end on a loop of its own, on this thread; returns what it returned, or throws what it threw.
template <class T>
[[nodiscard]] T run_task(Task<T> task) {
  boost::asio::io_context loop(1);
  WatchedTask<T> watched(loop, std::move(task));
  loop.run();
  return watched.take();
}

}  // namespace tapedeck

#pragma once

#include <functional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include "runtime/task.hpp"

namespace tapedeck {

/// What resumes a suspended task, once. Its loop keeps running meanwhile. Destroyed unused, it destroys the task.
class Resumption {
 public:
  using Call = std::move_only_function<void()>;

  Resumption(const boost::asio::any_io_executor& executor, Call call) : guard_(executor), call_(std::move(call)) {}

  [[nodiscard]] boost::asio::any_io_executor executor() const { return guard_.get_executor(); }
  /// Resumes the task on its own loop. On any thread.
  void post() &&;
  /// Resumes the task here. On a thread of its loop.
  void run() && { std::exchange(call_, nullptr)(); }

 private:
  boost::asio::executor_work_guard<boost::asio::any_io_executor> guard_;
  Call call_;
};

/// Suspends the caller, and calls `start` with what resumes it. That may happen before `start` returns, on any thread;
/// then what the caller owns may be gone, so `start` touches none of it afterwards.
///
/// Waiting for another thread goes through here, because Asio's own templates are slow to compile at each use.
[[nodiscard]] Task<> suspend(std::move_only_function<void(Resumption)> start);

}  // namespace tapedeck

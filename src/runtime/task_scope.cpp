#include "runtime/task_scope.hpp"

#include <cassert>
#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace tapedeck {

TaskScope::TaskScope(boost::asio::any_io_executor executor, FailureHandler on_failure)
    : executor_(executor), on_failure_(std::move(on_failure)), idle_(executor) {}

TaskScope::~TaskScope() { assert(running_ == 0); }

void TaskScope::spawn(boost::asio::awaitable<void> task) {
  ++running_;
  boost::asio::co_spawn(executor_, std::move(task), [this](std::exception_ptr failure) {
    if (failure && on_failure_) on_failure_(failure);
    if (--running_ == 0) idle_.ring();
  });
}

boost::asio::awaitable<void> TaskScope::join() {
  while (running_ > 0) co_await idle_.wait();
}

}  // namespace tapedeck

#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tapedeck::sqlite {

/// Brings a result from a thread of the database back to the task that waits for it, on that task's event loop. Keeps
/// the loop running until then.
template <class R, class Handler>
class Completion {
 public:
  explicit Completion(Handler handler)
      : guard_(boost::asio::make_work_guard(boost::asio::get_associated_executor(handler))),
        handler_(std::move(handler)) {}

  /// Once.
  void complete(std::optional<R> result) {
    // Until post() has returned the loop must not end: a loop that ends is often destroyed next, and post() still wakes
    // it after the task may have gone on.
    const auto keep = guard_;
    boost::asio::post(keep.get_executor(),
                      [handler = std::move(handler_), result = std::move(result), guard = std::move(guard_)]() mutable {
                        std::move(handler)(std::exception_ptr(), std::move(result));
                      });
  }

 private:
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> guard_;
  Handler handler_;
};

/// Suspends the calling task until `initiation(handler, work)` has completed its handler. `initiation` is a function
/// object rather than a lambda, because GCC 12 miscompiles capturing lambdas within an awaiting expression.
template <class R, class Initiation, class Fn>
[[nodiscard]] boost::asio::awaitable<R> await_completion(Initiation initiation, Fn work) {
  using Signature = void(std::exception_ptr, std::optional<R>);
  std::optional<R> result = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, Signature>(
      initiation, boost::asio::use_awaitable, std::move(work));
  co_return std::move(*result);
}

}  // namespace tapedeck::sqlite

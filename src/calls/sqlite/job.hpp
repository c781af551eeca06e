#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "calls/sqlite/database.hpp"
#include "calls/sqlite/loop_calls.hpp"

namespace tapedeck::sqlite {

/// A piece of work for a thread of the database, whose caller waits on an event loop.
class Job {
 public:
  virtual ~Job() = default;
  /// On the database's thread, once or, when a batch of changes had to be rolled back, twice. True: it succeeded.
  [[nodiscard]] virtual bool run(Database& database) = 0;
  /// Why run() answered false.
  [[nodiscard]] virtual Error failure() const = 0;
  /// Replaces the result.
  virtual void fail(const Error& error) = 0;
  /// Adds the call that hands the result to its caller. Once.
  virtual void complete(LoopCalls& calls) = 0;
};

/// Calls `work`, and turns what it throws into an Error. R is a Result.
template <class R, class Fn>
[[nodiscard]] R run_guarded(Fn& work, Database& database) {
  try {
    return work(database);
  } catch (const StorageFailure& failure) {
    return std::unexpected(failure.error());
  } catch (const std::exception& unexpected) {
    return std::unexpected(Error(Errc::kInternal, unexpected.what()));
  }
}

namespace detail {

template <class R, class Fn, class Handler>
class JobOf final : public Job {
 public:
  JobOf(Fn work, Handler handler)
      : work_(std::move(work)),
        guard_(boost::asio::any_io_executor(boost::asio::get_associated_executor(handler))),
        handler_(std::move(handler)) {}

  bool run(Database& database) override {
    result_.emplace(run_guarded<R>(work_, database));
    return result_->has_value();
  }
  Error failure() const override { return result_ && !*result_ ? result_->error() : Error(); }
  void fail(const Error& error) override { result_.emplace(std::unexpected(error)); }
  void complete(LoopCalls& calls) override {
    calls.add(std::move(guard_), [handler = std::move(handler_), result = std::move(result_)]() mutable {
      std::move(handler)(std::exception_ptr(), std::move(result));
    });
  }

 private:
  Fn work_;
  LoopCalls::Guard guard_;
  Handler handler_;
  std::optional<R> result_;
};

// A function object rather than a lambda, because GCC 12 miscompiles capturing lambdas within an awaiting expression.
template <class R, class Fn, class Queue>
struct JobInitiation {
  Queue* queue;

  template <class Handler>
  void operator()(Handler&& handler, Fn work) const {
    using Concrete = JobOf<R, Fn, std::decay_t<Handler>>;
    std::unique_ptr<Job> job = std::make_unique<Concrete>(std::move(work), std::forward<Handler>(handler));
    if (queue->post(job)) return;
    job->fail(Error(Errc::kUnavailable, Queue::kFull));
    LoopCalls calls;
    job->complete(calls);
    calls.send();
  }
};

}  // namespace detail

/// Posts `work` (Result<T>(Database&)) to a ReadPool or WriteQueue, and comes back to the caller's event loop with its
/// result; what a WriteQueue changed is on the disk by then. A cancelled task waits for its work to end all the same.
template <class Queue, class Fn>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Fn&, Database&>> run_job(Queue& queue, Fn work) {
  using R = std::invoke_result_t<Fn&, Database&>;
  using Signature = void(std::exception_ptr, std::optional<R>);
  detail::JobInitiation<R, Fn, Queue> initiation{&queue};
  std::optional<R> result = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, Signature>(
      initiation, boost::asio::use_awaitable, std::move(work));
  co_return std::move(*result);
}

}  // namespace tapedeck::sqlite

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"

namespace tapedeck {

/// Pieces of work that may wait for a thread of one pool: as many as a server has connections by default.
inline constexpr std::size_t kOffloadQueueMax = 10'000;

/// A named, bounded set of threads for work that blocks: disks, databases, name resolution. Never an event loop.
class OffloadPool {
 public:
  using Work = std::move_only_function<void()>;

  OffloadPool(std::string name, std::size_t threads, std::size_t queue_max = kOffloadQueueMax);
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;
  /// Runs what is queued, then joins.
  ~OffloadPool();

  /// Counts one more piece of work in, for post_admitted(). Error kUnavailable: the queue is full. Thread-safe.
  [[nodiscard]] Result<void> admit();
  /// Queues what was admitted. First in, first out. Thread-safe.
  void post_admitted(Work work);
  /// Queues work that must not be refused, such as closing a file: its owner bounds it. Thread-safe.
  void post(Work work);
  [[nodiscard]] std::size_t queued() const;
  /// Pieces of work that were refused since the start.
  [[nodiscard]] std::uint64_t refused() const;

 private:
  void run();

  const std::string name_;
  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> queue_;
  std::size_t admitted_ = 0;  // in the queue, or about to be posted there
  std::uint64_t refused_ = 0;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

namespace detail {

// Starts one piece of work on a pool, and completes the handler on the handler's executor. A function object rather
// than a lambda, because GCC 12 miscompiles capturing lambdas within an awaiting expression.
template <class Fn, class T>
struct OffloadInitiation {
  OffloadPool* pool;

  template <class Handler>
  void operator()(Handler&& handler, Fn work) const {
    auto executor = boost::asio::get_associated_executor(handler);
    auto guard = boost::asio::make_work_guard(executor);
    pool->post_admitted(
        [handler = std::forward<Handler>(handler), work = std::move(work), guard = std::move(guard)]() mutable {
          std::exception_ptr failure;
          std::optional<T> value;
          try {
            value.emplace(work());
          } catch (...) {
            failure = std::current_exception();
          }
          // The guard keeps the loop alive until post_admitted() has returned: it wakes the loop after the handler may
          // have run, and a loop that has ended is often destroyed at once.
          boost::asio::post(guard.get_executor(),
                            [handler = std::move(handler), failure, value = std::move(value)]() mutable {
                              std::move(handler)(failure, std::move(value));
                            });
        });
  }
};

}  // namespace detail

/// Runs `work`, which returns a Result, on the pool, and comes back to the caller's event loop with its result. What
/// `work` refers to must live until the task returns; a cancelled task waits for its work to end all the same. Error
/// kUnavailable: too much work waits already.
template <class Fn>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Fn&>> offload(OffloadPool& pool, Fn work) {
  using T = std::invoke_result_t<Fn&>;
  if (auto admitted = pool.admit(); !admitted) co_return std::unexpected(std::move(admitted.error()));
  using Signature = void(std::exception_ptr, std::optional<T>);
  detail::OffloadInitiation<Fn, T> initiation{&pool};
  std::optional<T> value = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, Signature>(
      initiation, boost::asio::use_awaitable, std::move(work));
  co_return std::move(*value);
}

}  // namespace tapedeck

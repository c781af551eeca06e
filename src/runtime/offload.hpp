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

#include "base/error.hpp"
#include "runtime/task.hpp"

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

/// Runs work that was admitted, and comes back to the caller's event loop. The work is destroyed on the pool's thread.
[[nodiscard]] Task<> run_admitted(OffloadPool& pool, OffloadPool::Work work);

/// Runs `work`, which returns a Result, on the pool, and comes back to the caller's event loop with its result. What
/// `work` refers to must live until the task returns; a cancelled task waits for its work to end all the same. Error
/// kUnavailable: too much work waits already.
template <class Fn>
[[nodiscard]] Task<std::invoke_result_t<Fn&>> offload(OffloadPool& pool, Fn work) {
  using T = std::invoke_result_t<Fn&>;
  if (auto admitted = pool.admit(); !admitted) co_return std::unexpected(std::move(admitted.error()));
  std::optional<T> value;
  std::exception_ptr failure;
  OffloadPool::Work run = [&value, &failure, work = std::move(work)]() mutable {
    try {
      value.emplace(work());
    } catch (...) {
      failure = std::current_exception();
    }
  };
  co_await run_admitted(pool, std::move(run));
  if (failure) std::rethrow_exception(failure);
  co_return std::move(*value);
}

}  // namespace tapedeck

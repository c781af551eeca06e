#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "calls/postgres/seat.hpp"
#include "runtime/offload.hpp"

namespace tapedeck::postgres {

/// A bounded set of connections, and as many named threads that wait for them, so that no event loop does. Jobs run in
/// the order in which they came, each on a connection that is free.
class ConnectionPool {
 public:
  /// `name`: of the threads.
  ConnectionPool(std::string name, Access access, ConnectionString where, DatabaseLimits limits, PoolOptions options);
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  /// Runs what waits, then joins and disconnects.
  ~ConnectionPool() = default;

  /// On a thread of threads(): Seat::run() on a seat that is free.
  [[nodiscard]] std::optional<Error> run(const Seat::Work& work, Seat::Time deadline);

  [[nodiscard]] OffloadPool& threads() noexcept { return threads_; }
  [[nodiscard]] const PoolOptions& options() const noexcept { return options_; }
  [[nodiscard]] const PoolCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::size_t queued() const { return threads_.queued(); }
  [[nodiscard]] bool is_full() const { return queued() >= options_.queue_max; }
  /// Why the last job failed, if the next one would fail for the same reason; empty after one that did not fail.
  [[nodiscard]] std::optional<Error> last_failure() const;

 private:
  class TakenSeat;

  [[nodiscard]] std::unique_ptr<Seat> take_seat();
  void give_back(std::unique_ptr<Seat> seat) noexcept;
  void remember(const Outcome& outcome);

  const ConnectionString where_;
  const DatabaseLimits limits_;
  const PoolOptions options_;
  PoolCounts counts_;

  mutable std::mutex mutex_;
  std::optional<Error> last_failure_;
  std::vector<std::unique_ptr<Seat>> free_seats_;  // as many as threads, so a thread always finds one

  OffloadPool threads_;  // last, so that it ends first: its jobs use what is above
};

namespace detail {

template <class R, class Fn>
struct PoolJob {
  ConnectionPool* pool;
  Seat::Time deadline;
  Fn work;

  R operator()() {
    std::optional<R> result;
    const Seat::Work run = [&](Database& database) {
      result.emplace(work(database));
      return result->has_value();
    };
    const auto failure = pool->run(run, deadline);
    if (failure) return std::unexpected(*failure);
    return std::move(*result);
  }
};

}  // namespace detail

/// Runs `work` (Result<T>(Database&), more than once if need be) on a thread of the pool, and comes back to the
/// caller's event loop with its result. In a pool of changes, what it changed is kept when the result is a value, and
/// is on the disk by then. A cancelled task waits for its work to end all the same. `patience`: as of PoolOptions.
template <class Fn>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Fn&, Database&>> run_on(ConnectionPool& pool, Fn work,
                                                                                  Milliseconds patience) {
  using R = std::invoke_result_t<Fn&, Database&>;
  if (pool.is_full()) co_return std::unexpected(unavailable("too many wait for the database"));
  detail::PoolJob<R, Fn> job{&pool, std::chrono::steady_clock::now() + patience, std::move(work)};
  R result = co_await offload(pool.threads(), std::move(job));
  co_return result;
}
template <class Fn>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Fn&, Database&>> run_on(ConnectionPool& pool, Fn work) {
  return run_on(pool, std::move(work), pool.options().patience);
}

}  // namespace tapedeck::postgres

#pragma once

#include <cstddef>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "adapters/sqlite/completion.hpp"
#include "adapters/sqlite/database.hpp"
#include "adapters/sqlite/write_queue.hpp"
#include "runtime/offload.hpp"

namespace tapedeck::sqlite {

/// One view of the data for several statements.
class ReadTransaction {
 public:
  explicit ReadTransaction(Database& database) : database_(database) { database_.run("BEGIN"); }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ~ReadTransaction() {
    try {
      if (database_.is_in_transaction()) database_.run("ROLLBACK");
    } catch (const StorageFailure&) {
      // Nothing was changed; the next BEGIN will say whether the connection still works.
    }
  }

 private:
  Database& database_;
};

/// Connections that only read, one for each thread of a small pool. Each read sees the last commit before it began.
class ReadPool {
 public:
  /// `queue_max`: most reads that wait; more are refused with kUnavailable.
  ReadPool(std::vector<Database> connections, std::size_t queue_max)
      : queue_max_(queue_max), idle_(std::move(connections)), threads_("db-read", idle_.size()) {}

  [[nodiscard]] OffloadPool& threads() noexcept { return threads_; }
  [[nodiscard]] std::size_t queued() const { return threads_.queued(); }
  [[nodiscard]] bool is_full() const { return threads_.queued() >= queue_max_; }

  /// On a thread of the pool: one of the connections, for as long as `work` runs.
  template <class R, class Fn>
  [[nodiscard]] R run(Fn& work) {
    Database connection = take();
    auto in_one_view = [&work](Database& database) -> R {
      const ReadTransaction transaction(database);
      return work(database);
    };
    R result = run_guarded<R>(in_one_view, connection);
    give_back(std::move(connection));
    return result;
  }

 private:
  // Never empty here: there are as many connections as threads.
  Database take() {
    const std::scoped_lock lock(mutex_);
    Database connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  void give_back(Database connection) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
  }

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::vector<Database> idle_;
  OffloadPool threads_;
};

namespace detail {

template <class R, class Fn>
struct ReadInitiation {
  ReadPool* pool;

  template <class Handler>
  void operator()(Handler&& handler, Fn work) const {
    Completion<R, std::decay_t<Handler>> completion(std::forward<Handler>(handler));
    if (pool->is_full()) {
      completion.complete(std::unexpected(Error(Errc::kUnavailable, "too many readers wait for the database")));
      return;
    }
    pool->threads().post([pool = pool, work = std::move(work), completion = std::move(completion)]() mutable {
      completion.complete(pool->run<R>(work));
    });
  }
};

}  // namespace detail

/// Runs `work` (Result<T>(Database&)) on a thread of the pool, and comes back to the caller's event loop with its
/// result.
template <class Fn>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Fn&, Database&>> read(ReadPool& pool, Fn work) {
  using R = std::invoke_result_t<Fn&, Database&>;
  return await_completion<R>(detail::ReadInitiation<R, Fn>{&pool}, std::move(work));
}

}  // namespace tapedeck::sqlite

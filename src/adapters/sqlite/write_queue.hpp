#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "adapters/sqlite/completion.hpp"
#include "adapters/sqlite/database.hpp"
#include "runtime/offload.hpp"

namespace tapedeck::sqlite {

// Every change must be on the disk before its caller hears of it, and a sync of the disk takes milliseconds, so
// syncs are shared: one thread takes all the changes that wait (at most batch_max), runs them in one transaction,
// commits once, and only then tells each caller its own result. While it syncs, the next batch gathers.
//
// A change that fails must leave nothing behind, and must not spoil the others. Changes look before they write, so
// nearly always a failed one has written nothing. Where one has, the batch is rolled back and run again with a
// savepoint around each change; that way round costs a sixth more, so it is not the first. A failed commit fails its
// whole batch, and leaves the database as it was before.

struct WriteQueueOptions {
  /// Most changes that wait; more are refused with kUnavailable.
  std::size_t queue_max = 10'000;
  /// Most changes in one transaction.
  std::size_t batch_max = 256;
};

/// One change on its way through the queue.
class WriteJob {
 public:
  virtual ~WriteJob() = default;
  /// On the writer's thread, once or, when the batch had to be rolled back, twice. True: its changes are to be kept.
  [[nodiscard]] virtual bool run(Database& database) = 0;
  /// Why run() answered false.
  [[nodiscard]] virtual Error failure() const = 0;
  /// Replaces the result.
  virtual void fail(const Error& error) = 0;
  /// Hands the result to the caller, on the caller's event loop.
  virtual void complete() = 0;
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

/// The one writer of this process, on a thread of its own.
class WriteQueue {
 public:
  WriteQueue(Database database, Database checkpointer, WriteQueueOptions options);
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;
  /// Commits what waits, then joins.
  ~WriteQueue();

  /// Thread-safe. False, and the job is untouched, when queue_max jobs wait already.
  [[nodiscard]] bool post(std::unique_ptr<WriteJob>& job);

  [[nodiscard]] std::size_t queued() const;
  /// Transactions committed since the start; each is one sync of the disk when it changed something.
  [[nodiscard]] std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_relaxed); }
  /// Why the last transaction failed; empty after one that did not.
  [[nodiscard]] std::optional<Error> last_failure() const;

 private:
  using Batch = std::vector<std::unique_ptr<WriteJob>>;

  void run();
  [[nodiscard]] Batch take_batch();
  void run_batch(Batch& batch);
  [[nodiscard]] bool run_together(Batch& batch);
  void run_with_savepoints(Batch& batch);
  void remember(std::optional<Error> failure);
  void checkpoint_if_long();

  Database database_;
  Database checkpointer_;
  const WriteQueueOptions options_;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<bool> is_checkpointing_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<WriteJob>> queue_;
  std::optional<Error> last_failure_;
  bool stopping_ = false;

  OffloadPool checkpoint_pool_{"db-checkpoint", 1};
  std::jthread thread_;
};

namespace detail {

template <class R, class Fn, class Handler>
class WriteJobOf final : public WriteJob {
 public:
  WriteJobOf(Fn work, Handler handler) : work_(std::move(work)), completion_(std::move(handler)) {}

  bool run(Database& database) override {
    result_.emplace(run_guarded<R>(work_, database));
    return result_->has_value();
  }
  Error failure() const override { return result_ && !*result_ ? result_->error() : Error(); }
  void fail(const Error& error) override { result_.emplace(std::unexpected(error)); }
  void complete() override { completion_.complete(std::move(result_)); }

 private:
  Fn work_;
  Completion<R, Handler> completion_;
  std::optional<R> result_;
};

template <class R, class Fn>
struct WriteInitiation {
  WriteQueue* queue;

  template <class Handler>
  void operator()(Handler&& handler, Fn work) const {
    using Job = WriteJobOf<R, Fn, std::decay_t<Handler>>;
    std::unique_ptr<WriteJob> job = std::make_unique<Job>(std::move(work), std::forward<Handler>(handler));
    if (queue->post(job)) return;
    job->fail(Error(Errc::kUnavailable, "too many changes wait for the database"));
    job->complete();
  }
};

}  // namespace detail

/// Runs `work` (Result<T>(Database&)) in the next transaction, and comes back to the caller's event loop with its
/// result once that is on the disk. A cancelled task waits for its work to end all the same.
template <class Fn>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Fn&, Database&>> write(WriteQueue& queue, Fn work) {
  using R = std::invoke_result_t<Fn&, Database&>;
  return await_completion<R>(detail::WriteInitiation<R, Fn>{&queue}, std::move(work));
}

}  // namespace tapedeck::sqlite

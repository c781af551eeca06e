#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "calls/sqlite/database.hpp"
#include "calls/sqlite/job_queue.hpp"
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

/// The one writer of this process, on a thread of its own.
class WriteQueue {
 public:
  WriteQueue(Database database, Database checkpointer, WriteQueueOptions options);
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;
  /// Commits what waits, then joins.
  ~WriteQueue();

  /// JobQueue::run(). Thread-safe.
  [[nodiscard]] Task<> run(Job& job) { return queue_.run(job); }
  /// JobQueue::post(). Thread-safe.
  [[nodiscard]] bool post(QueuedJob& job) { return queue_.post(job); }

  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// Transactions committed since the start; each is one sync of the disk when it changed something.
  [[nodiscard]] std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_relaxed); }
  /// Why the last transaction failed; empty after one that did not.
  [[nodiscard]] std::optional<Error> last_failure() const;

 private:
  void work();
  void run_batch(const Batch& batch);
  [[nodiscard]] bool run_together(const Batch& batch);
  void run_with_savepoints(const Batch& batch);
  void remember(std::optional<Error> failure);
  void checkpoint_if_long();

  Database database_;
  Database checkpointer_;
  const WriteQueueOptions options_;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<bool> is_checkpointing_ = false;

  JobQueue queue_;
  mutable std::mutex mutex_;
  std::optional<Error> last_failure_;

  OffloadPool checkpoint_pool_{"db-checkpoint", 1};
  std::jthread thread_;
};

}  // namespace tapedeck::sqlite

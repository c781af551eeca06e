#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include "calls/sqlite/database.hpp"
#include "calls/sqlite/job_queue.hpp"

namespace tapedeck::sqlite {

/// Connections that only read, each on a thread of its own. What waits together is read in one view of the data: each
/// read sees the last commit before it began, or a later one.
class ReadPool {
 public:
  /// `queue_max`: most reads that wait; more are refused with kUnavailable.
  ReadPool(std::vector<Database> connections, std::size_t queue_max);
  ReadPool(const ReadPool&) = delete;
  ReadPool& operator=(const ReadPool&) = delete;
  /// Runs what waits, then joins.
  ~ReadPool();

  /// JobQueue::run(). Thread-safe.
  [[nodiscard]] Task<> run(Job& job) { return queue_.run(job); }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  void work(Database& connection);

  const std::size_t threads_count_;
  JobQueue queue_;
  std::vector<Database> connections_;
  std::vector<std::jthread> threads_;
};

}  // namespace tapedeck::sqlite

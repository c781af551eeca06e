#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "calls/sqlite/job.hpp"

namespace tapedeck::sqlite {

using Batch = std::vector<std::unique_ptr<Job>>;

/// Jobs that wait for a thread of the database, first in first out. Thread-safe.
class JobQueue {
 public:
  /// `most`: jobs that may wait.
  explicit JobQueue(std::size_t most) : most_(most) {}

  /// False, and the job is untouched, when it is full.
  [[nodiscard]] bool post(std::unique_ptr<Job>& job);
  /// Waits for work; takes at most `most` jobs, and at most one `threads`th of those that wait, so that the others'
  /// threads have some too. Empty: close() was called, and nothing is left.
  [[nodiscard]] Batch take(std::size_t most, std::size_t threads);
  void close();
  [[nodiscard]] std::size_t size() const;

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> jobs_;
  bool closed_ = false;
};

}  // namespace tapedeck::sqlite

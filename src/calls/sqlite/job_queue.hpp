#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "calls/sqlite/job.hpp"
#include "runtime/suspend.hpp"

namespace tapedeck::sqlite {

/// A job that its caller owns, and what resumes the caller; or one of its own, for which nobody waits.
struct QueuedJob {
  Job* job = nullptr;
  std::optional<Resumption> caller;
  std::unique_ptr<Job> owned;
};
using Batch = std::vector<QueuedJob>;

/// Jobs that wait for a thread of the database, first in first out. Thread-safe.
class JobQueue {
 public:
  /// `most`: jobs that may wait; more are refused with kUnavailable and `full`.
  JobQueue(std::size_t most, const char* full) : most_(most), full_(full) {}

  /// Comes back to the caller's event loop once the job has run, or was refused.
  [[nodiscard]] Task<> run(Job& job);
  /// False, and the job is untouched, when it is full.
  [[nodiscard]] bool post(QueuedJob& job);
  /// Waits for work; takes at most `most` jobs, and at most one `threads`th of those that wait, so that the others'
  /// threads have some too. Empty: close() was called, and nothing is left.
  [[nodiscard]] Batch take(std::size_t most, std::size_t threads);
  void close();
  [[nodiscard]] std::size_t size() const;

 private:
  const std::size_t most_;
  const char* const full_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<QueuedJob> jobs_;
  bool closed_ = false;
};

}  // namespace tapedeck::sqlite

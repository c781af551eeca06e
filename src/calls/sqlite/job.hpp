#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "calls/sqlite/database.hpp"
#include "runtime/task.hpp"

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

/// Work that returns a Result R.
template <class R, class Fn>
class JobOf final : public Job {
 public:
  explicit JobOf(Fn work) : work_(std::move(work)) {}

  bool run(Database& database) override {
    result_.emplace(run_guarded<R>(work_, database));
    return result_->has_value();
  }
  Error failure() const override { return result_ && !*result_ ? result_->error() : Error(); }
  void fail(const Error& error) override { result_.emplace(std::unexpected(error)); }
  /// Once, after the job has run or failed.
  [[nodiscard]] R take() { return std::move(*result_); }

 private:
  Fn work_;
  std::optional<R> result_;
};

/// Gives `work` (Result<T>(Database&)) to a ReadPool or WriteQueue, and comes back to the caller's event loop with its
/// result; what a WriteQueue changed is on the disk by then. A cancelled task waits for its work to end all the same.
template <class Queue, class Fn>
[[nodiscard]] Task<std::invoke_result_t<Fn&, Database&>> run_job(Queue& queue, Fn work) {
  JobOf<std::invoke_result_t<Fn&, Database&>, Fn> job(std::move(work));
  co_await queue.run(job);
  co_return job.take();
}

}  // namespace tapedeck::sqlite

#include "calls/sqlite/write_queue.hpp"

#include <pthread.h>

namespace tapedeck::sqlite {
namespace {

/// Pages of 4 KiB in the write-ahead log. From the first number on it is copied into the file beside the writer; at the
/// second, which is only reached when changes never pause, the writer does it itself, so that the log can start over.
constexpr int kCheckpointPages = 1'000;
constexpr int kWalPagesMax = 8'000;

// SQLite undoes the whole transaction by itself when the disk is full or fails; then no job's changes are left.
void check_transaction(const Database& database, const Job& failed) {
  if (!database.is_in_transaction()) throw StorageFailure(failed.failure());
}

void roll_back(Database& database) {
  try {
    if (database.is_in_transaction()) database.run("ROLLBACK");
  } catch (const StorageFailure&) {
    // The failure that led here says more, and the next BEGIN will say whether the connection still works.
  }
}

}  // namespace

WriteQueue::WriteQueue(Database database, Database checkpointer, WriteQueueOptions options)
    : database_(std::move(database)),
      checkpointer_(std::move(checkpointer)),
      options_(options),
      queue_(options.queue_max, "too many changes wait for the database"),
      thread_([this] { work(); }) {}

WriteQueue::~WriteQueue() { queue_.close(); }

std::optional<Error> WriteQueue::last_failure() const {
  const std::scoped_lock lock(mutex_);
  return last_failure_;
}

void WriteQueue::work() {
  ::pthread_setname_np(::pthread_self(), "db-write");
  LoopCalls calls;
  while (true) {
    Batch batch = queue_.take(options_.batch_max, 1);
    if (batch.empty()) return;
    run_batch(batch);
    for (QueuedJob& queued : batch) {
      if (queued.caller) calls.add(std::move(*queued.caller));
    }
    calls.send();
    checkpoint_if_long();
  }
}

void WriteQueue::run_batch(const Batch& batch) {
  std::optional<Error> failure;
  try {
    if (!run_together(batch)) run_with_savepoints(batch);
    commits_.fetch_add(1, std::memory_order_relaxed);
  } catch (const StorageFailure& thrown) {
    failure = thrown.error();
  } catch (const std::exception& thrown) {
    failure = Error(Errc::kInternal, thrown.what());
  }
  if (failure) {
    roll_back(database_);
    for (const QueuedJob& queued : batch) queued.job->fail(*failure);
  }
  remember(std::move(failure));
}

// False: a job failed after it had written something; nothing is committed.
bool WriteQueue::run_together(const Batch& batch) {
  database_.run("BEGIN IMMEDIATE");
  for (const auto& [job, caller, owned] : batch) {
    const std::int64_t changes = database_.total_changes();
    if (job->run(database_)) continue;
    check_transaction(database_, *job);
    if (database_.total_changes() != changes) {
      database_.run("ROLLBACK");
      return false;
    }
  }
  database_.run("COMMIT");
  return true;
}

void WriteQueue::run_with_savepoints(const Batch& batch) {
  database_.run("BEGIN IMMEDIATE");
  for (const auto& [job, caller, owned] : batch) {
    database_.run("SAVEPOINT job");
    if (!job->run(database_)) {
      check_transaction(database_, *job);
      database_.run("ROLLBACK TO job");
    }
    database_.run("RELEASE job");
  }
  database_.run("COMMIT");
}

void WriteQueue::remember(std::optional<Error> failure) {
  const std::scoped_lock lock(mutex_);
  last_failure_ = std::move(failure);
}

void WriteQueue::checkpoint_if_long() {
  const int pages = database_.wal_pages();
  if (pages < kCheckpointPages) return;
  try {
    if (pages >= kWalPagesMax) {
      database_.checkpoint();
      return;
    }
  } catch (const StorageFailure&) {
    return;  // nothing is lost: the log stays, and a disk that is full or broken shows at the next commit
  }
  if (is_checkpointing_.exchange(true) || !checkpoint_pool_.admit()) return;
  checkpoint_pool_.post_admitted([this] {
    try {
      checkpointer_.checkpoint();
    } catch (const StorageFailure&) {
      // As above.
    }
    is_checkpointing_ = false;
  });
}

}  // namespace tapedeck::sqlite

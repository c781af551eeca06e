#include "calls/sqlite/read_pool.hpp"

#include <pthread.h>

namespace tapedeck::sqlite {
namespace {

/// Reads that share a view, at most: what came later is not to wait for long behind them.
constexpr std::size_t kReadBatchMax = 32;

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

void run_in_one_view(Database& connection, const Batch& batch) {
  try {
    const ReadTransaction transaction(connection);
    for (const QueuedJob& queued : batch) (void)queued.job->run(connection);
  } catch (const StorageFailure& failure) {
    for (const QueuedJob& queued : batch) queued.job->fail(failure.error());
  } catch (const std::exception& unexpected) {
    for (const QueuedJob& queued : batch) queued.job->fail(Error(Errc::kInternal, unexpected.what()));
  }
}

}  // namespace

ReadPool::ReadPool(std::vector<Database> connections, std::size_t queue_max)
    : threads_count_(connections.size()),
      queue_(queue_max, "too many readers wait for the database"),
      connections_(std::move(connections)) {
  for (Database& connection : connections_) threads_.emplace_back([this, &connection] { work(connection); });
}

ReadPool::~ReadPool() { queue_.close(); }

void ReadPool::work(Database& connection) {
  ::pthread_setname_np(::pthread_self(), "db-read");
  LoopCalls calls;
  while (true) {
    Batch batch = queue_.take(kReadBatchMax, threads_count_);
    if (batch.empty()) return;
    run_in_one_view(connection, batch);
    for (QueuedJob& queued : batch) calls.add(std::move(*queued.caller));
    calls.send();
  }
}

}  // namespace tapedeck::sqlite

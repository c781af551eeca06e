#include "calls/sqlite/job_queue.hpp"

#include <algorithm>
#include <utility>

namespace tapedeck::sqlite {

Task<> JobQueue::run(Job& job) {
  std::move_only_function<void(Resumption)> start = [this, &job](Resumption caller) {
    QueuedJob queued{&job, std::move(caller), nullptr};
    if (post(queued)) return;
    job.fail(Error(Errc::kUnavailable, full_));
    std::move(*queued.caller).post();
  };
  co_await suspend(std::move(start));
}

bool JobQueue::post(QueuedJob& job) {
  {
    const std::scoped_lock lock(mutex_);
    if (jobs_.size() >= most_) return false;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

Batch JobQueue::take(std::size_t most, std::size_t threads) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
  const std::size_t share = (jobs_.size() + threads - 1) / threads;
  const std::size_t size = std::min(share, most);
  Batch batch;
  batch.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    batch.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  return batch;
}

void JobQueue::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
}

std::size_t JobQueue::size() const {
  const std::scoped_lock lock(mutex_);
  return jobs_.size();
}

}  // namespace tapedeck::sqlite

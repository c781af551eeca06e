#include "runtime/offload.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <pthread.h>

#include "runtime/suspend.hpp"

namespace tapedeck {
namespace {

// The kernel keeps 15 characters of a thread's name.
constexpr std::size_t kThreadNameMax = 15;

}  // namespace

OffloadPool::OffloadPool(std::string name, std::size_t threads, std::size_t queue_max)
    : name_(name.substr(0, kThreadNameMax)), queue_max_(queue_max) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

OffloadPool::~OffloadPool() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  threads_.clear();
}

Result<void> OffloadPool::admit() {
  const std::scoped_lock lock(mutex_);
  if (admitted_ < queue_max_) {
    ++admitted_;
    return {};
  }
  ++refused_;
  return fail(Errc::kUnavailable, fmt::format("{} operations wait for the threads of '{}' already", admitted_, name_));
}

void OffloadPool::post(Work work) {
  {
    const std::scoped_lock lock(mutex_);
    ++admitted_;
  }
  post_admitted(std::move(work));
}

void OffloadPool::post_admitted(Work work) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
}

std::size_t OffloadPool::queued() const {
  const std::scoped_lock lock(mutex_);
  return queue_.size();
}

std::uint64_t OffloadPool::refused() const {
  const std::scoped_lock lock(mutex_);
  return refused_;
}

void OffloadPool::run() {
  ::pthread_setname_np(::pthread_self(), name_.c_str());
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Work work = std::move(queue_.front());
    queue_.pop_front();
    --admitted_;
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

Task<> run_admitted(OffloadPool& pool, OffloadPool::Work work) {
  std::move_only_function<void(Resumption)> start = [&pool, work = std::move(work)](Resumption task) mutable {
    pool.post_admitted([work = std::move(work), task = std::move(task)]() mutable {
      work();
      std::move(task).post();
    });
  };
  co_await suspend(std::move(start));
}

}  // namespace tapedeck

#include "runtime/offload.hpp"

#include <pthread.h>

namespace tapedeck {
namespace {

// The kernel keeps 15 characters of a thread's name.
constexpr std::size_t kThreadNameMax = 15;

}  // namespace

OffloadPool::OffloadPool(std::string name, std::size_t threads) {
  name.resize(std::min(name.size(), kThreadNameMax));
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, name] { run(name); });
  }
}

OffloadPool::~OffloadPool() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  threads_.clear();
}

void OffloadPool::post(Work work) {
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

void OffloadPool::run(const std::string& name) {
  ::pthread_setname_np(::pthread_self(), name.c_str());
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Work work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace tapedeck

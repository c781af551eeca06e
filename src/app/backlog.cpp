#include "app/backlog.hpp"

#include <algorithm>

namespace tapedeck {

Task<> Backlog::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const SteadyTime began = clock_.steady_now();
    auto counted = co_await waiting_.backlog(clock_.system_now());
    if (counted) {
      const std::scoped_lock lock(mutex_);
      lines_ = std::move(*counted);
    }
    const auto took = std::chrono::ceil<Milliseconds>(clock_.steady_now() - began);
    co_await clock_.sleep_for(std::max(kBacklogEvery, took * kBacklogShare), stop);
  }
}

std::vector<BacklogLine> Backlog::lines() const {
  const std::scoped_lock lock(mutex_);
  return lines_;
}

Milliseconds Backlog::age_of(const BacklogLine& line) const {
  return std::max(Milliseconds{0}, std::chrono::floor<Milliseconds>(clock_.system_now() - line.oldest));
}

}  // namespace tapedeck

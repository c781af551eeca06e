#include "app/backlog.hpp"

#include <algorithm>

namespace tapedeck {

Task<Result<void>> Backlog::count() {
  const SteadyTime began = clock_.steady_now();
  if (began < next_count_) co_return Result<void>();
  auto counted = co_await calls_.backlog(clock_.system_now());
  const SteadyTime ended = clock_.steady_now();
  next_count_ = ended + (ended - began) * kBacklogShare;
  if (!counted) co_return fail(counted.error());
  const std::scoped_lock lock(mutex_);
  lines_ = std::move(*counted);
  co_return Result<void>();
}

std::vector<BacklogLine> Backlog::lines() const {
  const std::scoped_lock lock(mutex_);
  return lines_;
}

Milliseconds Backlog::age_of(const BacklogLine& line) const {
  return std::max(Milliseconds{0}, std::chrono::floor<Milliseconds>(clock_.system_now() - line.oldest));
}

}  // namespace tapedeck

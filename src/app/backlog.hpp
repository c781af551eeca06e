#pragma once

#include <mutex>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Interval between two counts of the backlog. Counting takes at most one part in kBacklogShare of the time, so a long
/// backlog is counted less often.
inline constexpr Milliseconds kBacklogEvery{5'000};
inline constexpr int kBacklogShare = 20;

/// What waits in the call store, counted now and then for metrics. Thread-safe, but for count().
class Backlog {
 public:
  Backlog(CallStore& calls, Clock& clock) : calls_(calls), clock_(clock) {}

  /// Counts, unless the last count took so long that the next one is not due yet. To be called every kBacklogEvery by
  /// one task. Error: the call store's; then the last count stays.
  [[nodiscard]] Task<Result<void>> count();
  /// As of the last count.
  [[nodiscard]] std::vector<BacklogLine> lines() const;
  /// Time since the oldest recording of a line was asked for; not negative.
  [[nodiscard]] Milliseconds age_of(const BacklogLine& line) const;

 private:
  CallStore& calls_;
  Clock& clock_;
  SteadyTime next_count_{};  // of count() alone
  mutable std::mutex mutex_;
  std::vector<BacklogLine> lines_;
};

}  // namespace tapedeck

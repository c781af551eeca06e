#pragma once

#include <mutex>
#include <stop_token>
#include <vector>

#include "calls/ports/waiting_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Interval between two counts of the backlog. A count may take 1/kBacklogShare of the time at most, so a long backlog
/// is counted less often.
inline constexpr Milliseconds kBacklogEvery{5'000};
inline constexpr int kBacklogShare = 20;

/// Counts what waits in the call store, for metrics. Thread-safe.
class Backlog {
 public:
  Backlog(WaitingStore& waiting, Clock& clock) : waiting_(waiting), clock_(clock) {}

  /// Counts until `stop` is requested. After a failure the last lines stay.
  [[nodiscard]] Task<> run(std::stop_token stop);
  /// The last count.
  [[nodiscard]] std::vector<BacklogLine> lines() const;
  /// How long the oldest recording of a line has waited; not negative.
  [[nodiscard]] Milliseconds age_of(const BacklogLine& line) const;

 private:
  WaitingStore& waiting_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<BacklogLine> lines_;
};

}  // namespace tapedeck

#pragma once

#include <mutex>
#include <stop_token>
#include <vector>

#include "calls/ports/waiting_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// How often the backlog is counted, and the largest share of time that counting it may take: of a long one it is done
/// less often.
inline constexpr Milliseconds kBacklogEvery{5'000};
inline constexpr int kBacklogShare = 20;

/// What waits in the call store, counted now and then for metrics. Thread-safe.
class Backlog {
 public:
  Backlog(WaitingStore& waiting, Clock& clock) : waiting_(waiting), clock_(clock) {}

  /// Counts until `stop` is requested. What cannot be counted now stays as it was.
  [[nodiscard]] Task<> run(std::stop_token stop);
  /// As it was counted last.
  [[nodiscard]] std::vector<BacklogLine> lines() const;
  /// How long ago, by now, what a line speaks of was asked for; not negative.
  [[nodiscard]] Milliseconds age_of(const BacklogLine& line) const;

 private:
  WaitingStore& waiting_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<BacklogLine> lines_;
};

}  // namespace tapedeck

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// A row that the slot store must know.
struct WaitingRecording {
  BusinessId business;
  Sid sid;
  Lane lane = Lane::kFetch;
  RecordingState state = RecordingState::kQueued;  ///< kQueued or kProcessing
  std::int64_t wanted_order = 0;
  std::optional<SystemTime> retry_at;
  std::optional<Cause> cause;
};

/// Why a wanted recording is not stored yet.
enum class BacklogReason {
  kRunning,  ///< a worker has it
  kSlot,     ///< it waits for a slot, or for a worker
  kPaused,   ///< its business is paused
  kRetry     ///< it is delayed after a failure
};

/// Rows of all businesses that wait in one lane for one reason.
struct BacklogLine {
  Lane lane = Lane::kPlay;
  BacklogReason reason = BacklogReason::kSlot;
  std::int64_t count = 0;
  SystemTime oldest;  ///< when the first of them was asked for
  friend bool operator==(const BacklogLine&, const BacklogLine&) = default;
};

/// What waits: the slot store is rebuilt and reconciled from it. Errors: see CallStore.
class WaitingStore {
 public:
  virtual ~WaitingStore() = default;

  /// Queued and processing rows with wanted_order > `after`, in that order, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<WaitingRecording>>> waiting(std::int64_t after, int limit) = 0;
  /// The same for one business.
  [[nodiscard]] virtual Task<Result<std::vector<WaitingRecording>>> waiting_of(BusinessId business, std::int64_t after,
                                                                               int limit) = 0;
  /// Names of the first rows of a business's automatic lane that wait for a slot by `now`, in the order of asking, at
  /// most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Sid>>> waiting_fetches(BusinessId business, SystemTime now,
                                                                       int limit) = 0;
  /// Counts what waits, for metrics: one line per lane and reason that has rows, in no order. O(rows that wait).
  [[nodiscard]] virtual Task<Result<std::vector<BacklogLine>>> backlog(SystemTime now) = 0;
  /// Businesses that have waiting rows or an attempt that may be open; by id.
  [[nodiscard]] virtual Task<Result<std::vector<BusinessId>>> businesses_at_work() = 0;
  /// An attempt of this business began and its end was never recorded: its connection may be open.
  [[nodiscard]] virtual Task<Result<bool>> has_open_attempt(BusinessId business) = 0;
  /// The number of the next rebuild of a business's slots: higher than any before, and at least `now` in milliseconds
  /// since 1970, so that a store that was restored from a backup does not fall behind. Error kNotFound: no such
  /// business.
  [[nodiscard]] virtual Task<Result<std::int64_t>> raise_slot_epoch(BusinessId business, SystemTime now) = 0;
};

}  // namespace tapedeck

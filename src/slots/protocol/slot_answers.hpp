#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "slots/protocol/queue_state.hpp"

// What the operations of BusinessSlots take and answer.

namespace tapedeck {

using LeaseId = std::string;
using OperationId = std::string;

/// A recording that was given a slot, and the count after it.
struct Admitted {
  Sid sid;
  Lane lane = Lane::kPlay;
  int active = 0;
  int limit = 0;
  friend bool operator==(const Admitted&, const Admitted&) = default;
};

enum class RequestKind {
  kAcquired,       ///< holds a slot now, and did not before
  kQueued,         ///< waits in its lane now, and did not before
  kProcessing,     ///< held a slot already
  kAlreadyQueued,  ///< waited already (a press may have moved it to the play lane)
  kDelayed,        ///< waits for its retry
  kBeyond,         ///< waits in the call store alone, behind the automatic lane's window
};

struct RequestAnswer {
  RequestKind kind = RequestKind::kQueued;
  SlotStatus status;               ///< after this step
  int lane_length = 0;             ///< waiting in the lane that was asked for; `queue_len` of the log
  std::vector<Admitted> admitted;  ///< others that this step let in
  friend bool operator==(const RequestAnswer&, const RequestAnswer&) = default;
};

enum class FinishKind {
  kDone,      ///< stored, failed for good, absent, or nothing to do: gone from here
  kRetry,     ///< delayed until `retry_at`, then to the tail of its lane
  kHandBack,  ///< unharmed: to the head of its lane
};

/// How a worker ends a lease.
struct FinishOutcome {
  FinishKind kind = FinishKind::kDone;
  std::optional<SystemTime> retry_at;
  std::string why;
};

struct FinishAnswer {
  bool held = false;      ///< false: the lease was not held, and nothing was released
  bool repeated = false;  ///< the lease was finished before; this is the first answer again
  int active_after = 0;   ///< after the release, before anybody was let in
  int limit = 0;
  std::vector<Admitted> admitted;  ///< by this step
  friend bool operator==(const FinishAnswer&, const FinishAnswer&) = default;
};

enum class CancelKind { kCancelled, kRunning, kUnknown };
struct CancelAnswer {
  CancelKind kind = CancelKind::kUnknown;
  std::vector<Admitted> admitted;
  friend bool operator==(const CancelAnswer&, const CancelAnswer&) = default;
};

struct Reclaimed {
  Sid sid;
  Lane lane = Lane::kFetch;
  bool gave_up = false;  ///< more than kMaxReclaims: gone from here
  friend bool operator==(const Reclaimed&, const Reclaimed&) = default;
};

struct SweepAnswer {
  std::vector<Reclaimed> reclaimed;
  std::vector<Admitted> admitted;
  /// Not 0: the automatic lane has room, and more waits in the call store; refill() takes this number.
  std::int64_t refill = 0;
  friend bool operator==(const SweepAnswer&, const SweepAnswer&) = default;
};

/// A granted recording taken by a worker.
struct ClaimAnswer {
  Sid sid;
  Lane lane = Lane::kPlay;
  friend bool operator==(const ClaimAnswer&, const ClaimAnswer&) = default;
};

/// What a rebuild puts back, in the order of asking.
struct RecoveredEntry {
  Sid sid;
  Lane lane = Lane::kFetch;
  bool was_processing = false;         ///< goes to the head of its lane
  std::optional<SystemTime> retry_at;  ///< delayed until then
  std::string why;
};

}  // namespace tapedeck

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "calls/ports/recording_store.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Who erases, why and when, for the audit. With `looks_only` nothing changes.
struct EraseOrder {
  std::string actor;
  std::string detail;
  SystemTime now;
  bool looks_only = false;
};

/// What erase_call() did, or would do.
struct ErasedCall {
  std::vector<Recording> erased;  ///< as they are now; the blob of one with `audio` is still to be removed
  std::vector<Recording> held;    ///< not empty: the call did not change, because of these
  bool had_parties = false;       ///< a name or number was there
};

/// How a deletion at the provider ended.
struct SourceOutcome {
  /// Set: try again then.
  std::optional<SystemTime> retry_at;
  /// Without retry_at: the provider no longer has the recording. Otherwise it stays there.
  bool is_gone = false;
};

/// What is kept, for how long, and what is deleted. Errors: see CallStore.
class KeepingStore {
 public:
  virtual ~KeepingStore() = default;

  /// A held recording cannot be deleted until its hold is set to none; a hold on a held one changes its reason only.
  /// Error kConflict: the recording is deleted.
  [[nodiscard]] virtual Task<Result<RecordingChange>> set_hold(BusinessId business, Sid sid,
                                                               std::optional<Hold> hold) = 0;
  /// One step of the work that a changed retention leaves: recomputes delete_at of at most `limit` rows of one
  /// business. False: nothing is left to do.
  [[nodiscard]] virtual Task<Result<bool>> reschedule_deletions(int limit) = 0;
  /// Stored recordings that are due, and whose business still has a retention, become deleted as by
  /// RecordingStore::remove(), at most `limit`, each with an entry in the audit ("retention", "expire"), in one
  /// transaction. Held ones stay. Several processes at once get different ones.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> expire(SystemTime now, int limit) = 0;
  /// All recordings of a call become deleted as by RecordingStore::remove(), each with an entry in the audit ("erase"),
  /// and its names and numbers are forgotten, in one transaction. Nothing changes if one of the recordings is held.
  [[nodiscard]] virtual Task<Result<ErasedCall>> erase_call(BusinessId business, CallSid call, EraseOrder order) = 0;

  /// Deleted rows whose blob may still exist, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> deleted_with_blob(int limit) = 0;
  /// The blob of a deleted recording is gone.
  [[nodiscard]] virtual Task<Result<void>> forget_blob(std::int64_t row_id) = 0;

  /// Stored recordings whose source_due_at has come, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> due_source_deletions(SystemTime now, int limit) = 0;
  /// Records how the deletion of one of them ended.
  [[nodiscard]] virtual Task<Result<void>> settle_source(std::int64_t row_id, SourceOutcome outcome) = 0;
};

}  // namespace tapedeck

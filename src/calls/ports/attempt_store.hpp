#pragma once

#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// What an attempt that ends says about its connection to the provider. An attempt whose end was never recorded may
/// still hold a connection: because of it a rebuilt slot store holds its grants back.
enum class AttemptConnection {
  kClosed,      ///< it was allowed to connect; now no attempt on this recording has a connection, earlier ones included
  kNeverOpened  ///< it was not allowed to connect; an earlier attempt may still have a connection
};

/// How an attempt ended without audio.
struct AttemptFailure {
  Cause cause;
  /// Set: back to queued until then. Otherwise final.
  std::optional<SystemTime> retry_at;
  /// Without retry_at: kFailed, or kAbsent when the provider says that there is no recording.
  RecordingState final_state = RecordingState::kFailed;
  /// With retry_at: false takes the attempt back, because it says nothing about the recording.
  bool attempt_counts = true;
  AttemptConnection connection = AttemptConnection::kClosed;
};

/// Attempts to fetch a recording. A fence older than the row's is refused with kStaleFence, and nothing changes. Other
/// errors: see CallStore.
class AttemptStore {
 public:
  virtual ~AttemptStore() = default;

  /// A worker takes the recording, before it connects. Queued or processing becomes processing; fence and attempts rise
  /// by one. Empty when there is nothing to fetch: another worker has stored it, or it was cancelled or deleted.
  [[nodiscard]] virtual Task<Result<std::optional<Recording>>> begin_attempt(BusinessId business, Sid sid) = 0;
  /// The recording becomes stored, undamaged and unmeasured. Its business decides when it is deleted here, and whether
  /// it is deleted at the provider now.
  [[nodiscard]] virtual Task<Result<void>> commit_stored(std::int64_t row_id, std::int64_t fence,
                                                         StoredAudio audio) = 0;
  /// The recording becomes queued until retry_at, failed or absent.
  [[nodiscard]] virtual Task<Result<void>> fail_attempt(std::int64_t row_id, std::int64_t fence,
                                                        AttemptFailure failure) = 0;
  /// The worker gives the recording back (drain, pause of the provider): it becomes queued, and the attempt does not
  /// count.
  [[nodiscard]] virtual Task<Result<void>> hand_back(std::int64_t row_id, std::int64_t fence,
                                                     AttemptConnection connection) = 0;
  /// An attempt that was allowed to connect, and whose end was refused, has closed its connection. Nothing changes if
  /// another attempt has begun since.
  [[nodiscard]] virtual Task<Result<void>> close_attempt(std::int64_t row_id, std::int64_t fence) = 0;
  /// The sweep found the worker gone: processing becomes queued (the attempt counts), or failed with `give_up`. The
  /// attempt's connection may still be open.
  [[nodiscard]] virtual Task<Result<void>> reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) = 0;
};

}  // namespace tapedeck

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// What the provider says about a recording in its webhook.
enum class AnnouncedStatus { kInProgress, kCompleted, kAbsent, kFailed };

struct RecordingAnnouncement {
  CallSid call;
  RecordingSid recording;
  AccountSid account;
  AnnouncedStatus status = AnnouncedStatus::kCompleted;
  std::optional<int> duration_seconds;
  int channels = 0;
  std::optional<SystemTime> started_at;
  std::string absence{kNoAudio};  ///< with kAbsent and kFailed: why there is no audio, as a sentence
  /// It comes from a listing, which has no news of an absent recording: that stays absent.
  bool is_listed = false;
  std::int64_t import = 0;  ///< the import that counts the recording if this queues it; 0: none
};

/// A recording after a change, and whether this call changed it.
struct RecordingChange {
  Recording recording;
  bool changed = false;
};

/// Recordings: what is known of them, and what people and the provider want of them. Errors: see CallStore.
class RecordingStore {
 public:
  virtual ~RecordingStore() = default;

  /// By its name (Recording::sid), or by its own RE SID.
  [[nodiscard]] virtual Task<Result<std::optional<Recording>>> find_recording(BusinessId business, Sid sid) = 0;
  /// Recordings of a business in any state, by name, those after `after_sid` (empty: from the first), at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> recordings_of(BusinessId business, std::string after_sid,
                                                                           int limit) = 0;
  /// Stored recordings with row_id > `after`, in that order, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> stored_after(std::int64_t after, int limit) = 0;

  /// The provider's webhook. Creates the call and the recording if they are unknown. kCompleted: a remote or absent
  /// recording becomes queued in the automatic lane (`changed`). kAbsent, kFailed: a recording that is not stored
  /// becomes absent, with the cause. Repeats and late events change nothing. Error kConflict: see
  /// CallListStore::put_call().
  [[nodiscard]] virtual Task<Result<RecordingChange>> announce(BusinessId business, RecordingAnnouncement announcement,
                                                               SystemTime now) = 0;
  /// A play, or a command in the automatic lane. A remote recording becomes queued at the end of the order. A play
  /// moves one that is queued in the automatic lane, and not delayed, to the end of the play lane. Otherwise nothing
  /// changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> want(BusinessId business, Sid sid, Lane lane, SystemTime now) = 0;
  /// By hand. A failed, absent or delayed recording becomes queued in the play lane, with no attempts behind it.
  /// Otherwise nothing changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> retry(BusinessId business, Sid sid, SystemTime now) = 0;
  /// A queued recording becomes remote again, or failed if it has failed before. Otherwise nothing changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> cancel(BusinessId business, Sid sid) = 0;
  /// The recording becomes deleted. Its content and measure are forgotten; `audio->blob_key` stays until
  /// KeepingStore::forget_blob(). The fence rises, so that a running fetch cannot commit. Error kConflict: it is held.
  [[nodiscard]] virtual Task<Result<RecordingChange>> remove(BusinessId business, Sid sid) = 0;

  /// Notes what is wrong with a stored recording's blob, or with none that it is good. False: the recording no longer
  /// has that blob, and nothing was noted.
  [[nodiscard]] virtual Task<Result<bool>> note_damage(std::int64_t row_id, std::string blob_key,
                                                       std::optional<std::string> damage) = 0;
  /// A stored recording whose blob is damaged becomes queued at the end of this lane, with the damage as its cause,
  /// unless the provider no longer has it. The row keeps the blob's name until another blob is committed; if the
  /// provider says that there is no recording (AttemptStore::fail_attempt()), it is stored, damaged and source_gone
  /// again. Otherwise nothing changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> refetch(BusinessId business, Sid sid, Lane lane,
                                                              SystemTime now) = 0;
  /// The blob of a stored recording at this fence is gone: its audio is forgotten. Without a cause the recording
  /// becomes queued in the automatic lane; with one it becomes failed. Error kStaleFence: it has changed since.
  [[nodiscard]] virtual Task<Result<void>> lose_audio(std::int64_t row_id, std::int64_t fence,
                                                      std::optional<Cause> cause, SystemTime now) = 0;
};

}  // namespace tapedeck

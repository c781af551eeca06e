#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "calls/ports/keeping.hpp"
#include "domain/import.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Most calls in one page of list_calls().
inline constexpr int kCallPageMax = 200;

/// A place in the list of calls, newest first: before (older than) this row.
struct CallCursor {
  SystemTime started_at;
  std::int64_t row_id = 0;
  friend bool operator==(const CallCursor&, const CallCursor&) = default;
};

struct CallQuery {
  int limit = 50;  ///< 1 to kCallPageMax
  std::optional<CallCursor> cursor;
  std::string search;  ///< part of a number or name, any case; empty: all
  std::optional<CallDirection> direction;
  std::optional<SystemTime> since;  ///< inclusive
  std::optional<SystemTime> until;  ///< exclusive
};

struct CallPage {
  std::vector<Call> calls;
  std::optional<CallCursor> next;
};

/// What the host application tells of a call's recording. Absent fields leave what is known.
struct RecordingUpdate {
  RecordingSid recording;
  AccountSid account;
  std::optional<int> duration_seconds;
};

/// What the host application, or a provider's call webhook, tells of a call. Absent fields leave what is known.
struct CallUpdate {
  CallSid call;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<CallDirection> direction;
  std::optional<SystemTime> started_at;
  std::optional<int> duration_seconds;
  std::optional<RecordingUpdate> recording;
};

enum class PutOutcome { kCreated, kChanged };

/// What the provider says of a recording in its webhook.
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
  /// Read off a listing, which says nothing new of a recording that is absent: it stays so.
  bool is_listed = false;
  std::int64_t import = 0;  ///< the import to whose tally a recording belongs that is queued by this; 0: none
};

/// A recording after a change, and whether this call is what changed it.
struct RecordingChange {
  Recording recording;
  bool changed = false;
};

/// A row that the slot store must know, in the order of asking.
struct WaitingRecording {
  BusinessId business;
  Sid sid;
  Lane lane = Lane::kFetch;
  RecordingState state = RecordingState::kQueued;  ///< kQueued or kProcessing
  std::int64_t wanted_order = 0;
  std::optional<SystemTime> retry_at;
  std::optional<Cause> cause;
};

/// Why rows that were asked for are not stored yet.
enum class BacklogReason {
  kRunning,  ///< a worker has it
  kSlot,     ///< it waits for a slot, or for a worker
  kPaused,   ///< its business is paused
  kRetry     ///< it backs off after a failure
};

/// Rows of all businesses that wait in one lane for one reason.
struct BacklogLine {
  Lane lane = Lane::kPlay;
  BacklogReason reason = BacklogReason::kSlot;
  std::int64_t count = 0;
  SystemTime oldest;  ///< when the first of them was asked for
  friend bool operator==(const BacklogLine&, const BacklogLine&) = default;
};

/// What an attempt that ends has to say of its connection to the provider. An attempt of which nobody heard the end may
/// still have one open: that is what a rebuilt slot store holds its grants for.
enum class AttemptConnection {
  kClosed,      ///< it was allowed to connect; now nothing is open, of this attempt or of an earlier one
  kNeverOpened  ///< it was not allowed to connect; an earlier one may be open as before
};

/// How an attempt ended without audio.
struct AttemptFailure {
  Cause cause;
  /// Set: back to queued until then. Otherwise final.
  std::optional<SystemTime> retry_at;
  /// With no retry_at: kFailed, or kAbsent where the provider says that there is none.
  RecordingState final_state = RecordingState::kFailed;
  /// With retry_at: false takes the attempt back, because nothing was learnt of the recording.
  bool attempt_counts = true;
  AttemptConnection connection = AttemptConnection::kClosed;
};

/// A stored recording to be measured.
struct MeasureClaim {
  Recording recording;
  int tries = 0;  ///< this one included
};

/// How a measure ended without a result.
struct MeasureFailure {
  Cause cause;
  /// Set: to be measured again from then on. Otherwise final, and the cause is kept.
  std::optional<SystemTime> again_at;
  /// With again_at: false takes the try back, because nothing was learnt of the recording.
  bool try_counts = true;
};

struct ApiKey {
  std::int64_t id = 0;
  BusinessId business;  ///< empty: an operator's key
  std::string name;
  std::string hash;  ///< domain/api_key.hpp; never the key itself
  SystemTime created_at;
  std::optional<SystemTime> revoked_at;
};

/// Whom a one-time login link signs in.
struct LoginGrant {
  BusinessId business;      ///< empty: an operator
  std::int64_t key_id = 0;  ///< the key that the session stands for; 0: none
};

/// The truth: every business, call and recording, and what was asked for. Thread-safe.
///
/// A change has reached the disk when its task returns a value. Every task may fail with kUnavailable, kIo, kNoSpace
/// or kReadOnly; then nothing was changed. Lookups of what does not exist, or belongs to another business, answer an
/// empty optional; changes of it answer kNotFound. Both stores pass tests/contract/call_store_contract.hpp.
class CallStore {
 public:
  virtual ~CallStore() = default;

  // Businesses.

  /// Inserts or replaces. Where the retention changes, the recordings' delete_at follow by reschedule_deletions().
  [[nodiscard]] virtual Task<Result<PutOutcome>> put_business(Business business) = 0;
  [[nodiscard]] virtual Task<Result<std::optional<Business>>> find_business(BusinessId id) = 0;
  /// By id.
  [[nodiscard]] virtual Task<Result<std::vector<Business>>> list_businesses() = 0;

  // Calls.

  /// Inserts or merges a call, and with it the recording that it names; starts nothing. Error kConflict when the
  /// recording is known already as another call's or another business's.
  [[nodiscard]] virtual Task<Result<PutOutcome>> put_call(BusinessId business, CallUpdate update, SystemTime now) = 0;
  /// Without its recording.
  [[nodiscard]] virtual Task<Result<std::optional<Call>>> find_call(BusinessId business, CallSid call) = 0;
  /// Newest first, each with its first recording that is not deleted (or its first one).
  [[nodiscard]] virtual Task<Result<CallPage>> list_calls(BusinessId business, CallQuery query) = 0;

  // Recordings.

  /// By the name it goes by, or by its own RE SID.
  [[nodiscard]] virtual Task<Result<std::optional<Recording>>> find_recording(BusinessId business, Sid sid) = 0;

  /// The provider's webhook. A call or a recording not heard of becomes one. kCompleted: a remote or absent recording
  /// becomes queued in the automatic lane (`changed`). kAbsent, kFailed: one that is not stored becomes absent, with
  /// the cause. Repeats and late events change nothing. Error kConflict as in put_call().
  [[nodiscard]] virtual Task<Result<RecordingChange>> announce(BusinessId business, RecordingAnnouncement announcement,
                                                               SystemTime now) = 0;

  /// A press of play (or a command, in the automatic lane). remote: becomes queued at the end of the order. Queued in
  /// the automatic lane, not backing off, and pressed: moves to the end of the play lane. Otherwise nothing changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> want(BusinessId business, Sid sid, Lane lane, SystemTime now) = 0;

  /// By hand: failed, absent, or queued and backing off: becomes queued in the play lane with no attempts behind it.
  /// Otherwise nothing changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> retry(BusinessId business, Sid sid, SystemTime now) = 0;

  /// A queued one becomes remote again (or failed, if it has failed before). Otherwise nothing changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> cancel(BusinessId business, Sid sid) = 0;

  /// Becomes deleted, its content and measure forgotten, except `audio->blob_key`, which stays until forget_blob(). The
  /// fence is raised, so that a running fetch cannot commit. Error kConflict: it is held.
  [[nodiscard]] virtual Task<Result<RecordingChange>> remove(BusinessId business, Sid sid) = 0;
  /// The blob of a deleted recording is gone.
  [[nodiscard]] virtual Task<Result<void>> forget_blob(std::int64_t row_id) = 0;
  /// Deleted rows whose blob may still exist, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> deleted_with_blob(int limit) = 0;

  // Keeping and forgetting.

  /// With a hold, every deletion is refused until it is set to none; a hold on one that is held changes its reason
  /// only. Error kConflict: the recording is deleted.
  [[nodiscard]] virtual Task<Result<RecordingChange>> set_hold(BusinessId business, Sid sid,
                                                               std::optional<Hold> hold) = 0;
  /// A step of the work that a changed retention leaves: at most `limit` rows of one business get their delete_at anew.
  /// False: nothing is left to do.
  [[nodiscard]] virtual Task<Result<bool>> reschedule_deletions(int limit) = 0;
  /// Stored recordings whose time has come, and whose business's retention still says so, become deleted as by
  /// remove(), at most `limit`, each with an entry in the audit ("retention", "expire"), in one transaction. Held ones
  /// stay. Several processes at once get different ones.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> expire(SystemTime now, int limit) = 0;
  /// All recordings of a call become deleted as by remove(), each with an entry in the audit ("erase"), and its names
  /// and numbers are forgotten, in one transaction. Nothing of it is changed where one of them is held.
  [[nodiscard]] virtual Task<Result<ErasedCall>> erase_call(BusinessId business, CallSid call, EraseOrder order) = 0;
  /// Recordings of a business whatever their state, by name, those after `after_sid` (empty: from the first), at most
  /// `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> recordings_of(BusinessId business, std::string after_sid,
                                                                           int limit) = 0;
  /// What was found out of a stored recording's blob; none: it is good. True: noted, since it still has that blob.
  [[nodiscard]] virtual Task<Result<bool>> note_damage(std::int64_t row_id, std::string blob_key,
                                                       std::optional<std::string> damage) = 0;
  /// A stored recording whose blob is damaged becomes queued at the end of this lane, with the damage as its cause,
  /// unless the provider has it no more. Its blob's name stays in the row until another is committed; should the
  /// provider say that there is none (fail_attempt), it is stored and damaged again, and source_gone. Otherwise nothing
  /// changes.
  [[nodiscard]] virtual Task<Result<RecordingChange>> refetch(BusinessId business, Sid sid, Lane lane,
                                                              SystemTime now) = 0;
  /// Stored recordings whose source_due_at has come, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> due_source_deletions(SystemTime now, int limit) = 0;
  /// What came of one of them.
  [[nodiscard]] virtual Task<Result<void>> settle_source(std::int64_t row_id, SourceOutcome outcome) = 0;

  // Attempts. A fence older than the row's is refused with kStaleFence, and nothing changes.

  /// A worker takes the recording, before it connects: queued or processing becomes processing, fence and attempts
  /// go up by one. Empty when there is nothing to fetch: somebody was faster, or it was cancelled or deleted.
  [[nodiscard]] virtual Task<Result<std::optional<Recording>>> begin_attempt(BusinessId business, Sid sid) = 0;
  /// Becomes stored and undamaged, and is not measured; its business says when it is to be deleted, and whether at the
  /// provider now.
  [[nodiscard]] virtual Task<Result<void>> commit_stored(std::int64_t row_id, std::int64_t fence,
                                                         StoredAudio audio) = 0;
  /// Becomes queued until retry_at, failed or absent.
  [[nodiscard]] virtual Task<Result<void>> fail_attempt(std::int64_t row_id, std::int64_t fence,
                                                        AttemptFailure failure) = 0;
  /// The worker gives it back unharmed (drain, provider's back-off): becomes queued, the attempt does not count.
  [[nodiscard]] virtual Task<Result<void>> hand_back(std::int64_t row_id, std::int64_t fence,
                                                     AttemptConnection connection) = 0;
  /// An attempt that was allowed to connect, and whose end was refused, has nothing open: heard while nobody has taken
  /// the recording over.
  [[nodiscard]] virtual Task<Result<void>> close_attempt(std::int64_t row_id, std::int64_t fence) = 0;
  /// The sweep found the worker gone: processing becomes queued (the attempt counts), or failed with `give_up`. Its
  /// connection may be open all the same.
  [[nodiscard]] virtual Task<Result<void>> reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) = 0;

  // Upkeep: imports, and the search for what was missed.

  /// What is known of these recordings of an account, in any business, or told without an account: one answer for each.
  [[nodiscard]] virtual Task<Result<std::vector<std::optional<KnownRecording>>>> known_recordings(
      AccountSid account, std::vector<RecordingSid> recordings) = 0;
  /// The latest import of this scope; when there is none, or `anew`, one that begins now. Error kNotFound: no such
  /// business.
  [[nodiscard]] virtual Task<Result<Import>> open_import(BusinessId business, ImportScope scope, bool anew,
                                                         SystemTime now) = 0;
  /// Keeps touched_at, next_page, is_listed and the counts. Error kNotFound.
  [[nodiscard]] virtual Task<Result<void>> save_import(Import import) = 0;
  /// O(recordings of the import), and cheap for each.
  [[nodiscard]] virtual Task<Result<std::vector<ImportTally>>> import_tally(std::int64_t import) = 0;
  /// Businesses with an import that was saved since then; by id.
  [[nodiscard]] virtual Task<Result<std::vector<BusinessId>>> importing_since(SystemTime since) = 0;
  /// Stored recordings with row_id > `after`, in that order, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Recording>>> stored_after(std::int64_t after, int limit) = 0;
  /// A stored recording, still at this fence, whose blob is gone: its audio is forgotten. Without a cause it becomes
  /// queued in the automatic lane, and failed with one. Error kStaleFence: it has changed since.
  [[nodiscard]] virtual Task<Result<void>> lose_audio(std::int64_t row_id, std::int64_t fence,
                                                      std::optional<Cause> cause, SystemTime now) = 0;

  /// A lease by name: true when it was free, has expired or was the holder's, who has it until now + ttl. By the wall
  /// clocks of those who ask, so for work that two may do at once for a moment without harm.
  [[nodiscard]] virtual Task<Result<bool>> take_lease(std::string name, std::string holder, SystemTime now,
                                                      Milliseconds ttl) = 0;
  /// Frees it, where it is the holder's.
  [[nodiscard]] virtual Task<Result<void>> drop_lease(std::string name, std::string holder) = 0;
  /// Somebody has it.
  [[nodiscard]] virtual Task<Result<bool>> is_leased(std::string name, SystemTime now) = 0;
  /// Empty where there is none.
  [[nodiscard]] virtual Task<Result<UpkeepMark>> find_mark(std::string name) = 0;
  [[nodiscard]] virtual Task<Result<void>> put_mark(std::string name, UpkeepMark mark) = 0;

  // Measures: what is found in the audio itself, after it was stored (media/measuring.hpp). What speaks of a blob that
  // is not the recording's any more, or of a recording that is not stored, is refused with kStaleFence.

  /// Stored recordings that are not measured, and that nobody is at by `now`: the last stored first, at most `limit`.
  /// They are the caller's up to `until`, and then given to whoever asks, unless their end was heard of.
  [[nodiscard]] virtual Task<Result<std::vector<MeasureClaim>>> claim_unmeasured(SystemTime now, SystemTime until,
                                                                                 int limit) = 0;
  /// Nobody is at any of them: the only process that measures has just started. Tries count on.
  [[nodiscard]] virtual Task<Result<void>> release_measures() = 0;
  /// It is measured, and its peaks are stored beside the blob.
  [[nodiscard]] virtual Task<Result<void>> record_measure(std::int64_t row_id, std::string blob_key,
                                                          AudioMeasure measure) = 0;
  [[nodiscard]] virtual Task<Result<void>> fail_measure(std::int64_t row_id, std::string blob_key,
                                                        MeasureFailure failure) = 0;
  /// Forgets the measure and how often it was tried: it is measured anew.
  [[nodiscard]] virtual Task<Result<void>> measure_again(std::int64_t row_id, std::string blob_key) = 0;

  // What the slot store is rebuilt from.

  /// Queued and processing rows with wanted_order > `after`, in that order, at most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<WaitingRecording>>> waiting(std::int64_t after, int limit) = 0;
  /// The same of one business.
  [[nodiscard]] virtual Task<Result<std::vector<WaitingRecording>>> waiting_of(BusinessId business, std::int64_t after,
                                                                               int limit) = 0;
  /// Names of the first rows of a business's automatic lane that wait for a slot by `now`, in the order of asking, at
  /// most `limit`.
  [[nodiscard]] virtual Task<Result<std::vector<Sid>>> waiting_fetches(BusinessId business, SystemTime now,
                                                                       int limit) = 0;
  /// What waits, for metrics; nothing of reasons that nothing waits for, in no order. O(rows that wait).
  [[nodiscard]] virtual Task<Result<std::vector<BacklogLine>>> backlog(SystemTime now) = 0;
  /// Businesses that wait for anything, or of which an attempt may be open; by id.
  [[nodiscard]] virtual Task<Result<std::vector<BusinessId>>> businesses_at_work() = 0;
  /// An attempt of this business began, and nobody has heard of its end: its connection may be open.
  [[nodiscard]] virtual Task<Result<bool>> has_open_attempt(BusinessId business) = 0;
  /// The number of the next rebuilding of a business's slots: higher than any before, and at least `now` in
  /// milliseconds since 1970, so that a store that was put back from a backup does not fall behind. Error kNotFound: no
  /// such business.
  [[nodiscard]] virtual Task<Result<std::int64_t>> raise_slot_epoch(BusinessId business, SystemTime now) = 0;

  // Who may.

  /// Returns the key's id. Error kNotFound: no such business.
  [[nodiscard]] virtual Task<Result<std::int64_t>> create_key(ApiKey key) = 0;
  /// Not revoked ones only.
  [[nodiscard]] virtual Task<Result<std::optional<ApiKey>>> find_key(std::string hash) = 0;
  [[nodiscard]] virtual Task<Result<std::vector<ApiKey>>> list_keys() = 0;
  [[nodiscard]] virtual Task<Result<void>> revoke_key(std::int64_t id, SystemTime now) = 0;

  [[nodiscard]] virtual Task<Result<void>> create_login(std::string token_hash, LoginGrant grant,
                                                        SystemTime expires) = 0;
  /// At most once for each token; empty when unknown, used or expired.
  [[nodiscard]] virtual Task<Result<std::optional<LoginGrant>>> consume_login(std::string token_hash,
                                                                              SystemTime now) = 0;

  [[nodiscard]] virtual Task<Result<void>> append_audit(std::vector<AuditEntry> entries) = 0;
  /// By time, oldest first.
  [[nodiscard]] virtual Task<Result<AuditPage>> list_audit(AuditQuery query) = 0;

  /// Answers at once; an error says what is wrong with the store. For readyz.
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;
};

}  // namespace tapedeck

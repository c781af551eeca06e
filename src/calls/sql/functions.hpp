#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret_box.hpp"
#include "calls/ports/call_archive.hpp"
#include "calls/ports/call_store.hpp"
#include "calls/sql/session.hpp"

// What the functions of CallStore's roles and of CallArchive do, each on one connection and within the caller's
// transaction; a file for each role. They throw StorageFailure. The port's headers say what they promise.
//
// Each change locks the row that it decides by ({lock}; SQLite has one writer at a time), and each UPDATE names the
// states that it may leave. So a change that was overtaken finds no row, and one that waits for another's commit looks
// again at the row that this left (READ COMMITTED).

namespace tapedeck::sql {

/// Error kTooLarge: a token that no provider gives out.
[[nodiscard]] Result<PutOutcome> put_business(Session& session, const SecretBox& secrets, const Business& business);
/// Error kCorrupt: the auth token does not open with this SECRET_KEY.
[[nodiscard]] Result<std::optional<Business>> find_business(Session& session, const SecretBox& secrets,
                                                            const BusinessId& id);
[[nodiscard]] Result<std::vector<Business>> list_businesses(Session& session, const SecretBox& secrets);

[[nodiscard]] Result<PutOutcome> put_call(Session& session, const BusinessId& business, const CallUpdate& update,
                                          SystemTime now);
[[nodiscard]] Result<std::optional<Call>> find_call(Session& session, const BusinessId& business, const CallSid& call);

[[nodiscard]] Result<std::optional<Recording>> find_recording(Session& session, const BusinessId& business,
                                                              const Sid& sid);
[[nodiscard]] Result<std::vector<Recording>> recordings_of(Session& session, const BusinessId& business,
                                                           const std::string& after_sid, int limit);
[[nodiscard]] Result<std::vector<Recording>> stored_after(Session& session, std::int64_t after, int limit);
[[nodiscard]] Result<RecordingChange> announce(Session& session, const BusinessId& business,
                                               const RecordingAnnouncement& announcement, SystemTime now);
[[nodiscard]] Result<RecordingChange> want(Session& session, const BusinessId& business, const Sid& sid, Lane lane,
                                           SystemTime now);
[[nodiscard]] Result<RecordingChange> retry(Session& session, const BusinessId& business, const Sid& sid,
                                            SystemTime now);
[[nodiscard]] Result<RecordingChange> cancel(Session& session, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<RecordingChange> remove(Session& session, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<bool> note_damage(Session& session, std::int64_t row_id, const std::string& blob_key,
                                       const std::optional<std::string>& damage);
[[nodiscard]] Result<RecordingChange> refetch(Session& session, const BusinessId& business, const Sid& sid, Lane lane,
                                              SystemTime now);
[[nodiscard]] Result<void> lose_audio(Session& session, std::int64_t row_id, std::int64_t fence,
                                      const std::optional<Cause>& cause, SystemTime now);

[[nodiscard]] Result<RecordingChange> set_hold(Session& session, const BusinessId& business, const Sid& sid,
                                               const std::optional<Hold>& hold);
[[nodiscard]] Result<bool> reschedule_deletions(Session& session, int limit);
[[nodiscard]] Result<std::vector<Recording>> expire(Session& session, SystemTime now, int limit);
[[nodiscard]] Result<ErasedCall> erase_call(Session& session, const BusinessId& business, const CallSid& call,
                                            const EraseOrder& order);
[[nodiscard]] Result<std::vector<Recording>> deleted_with_blob(Session& session, int limit);
[[nodiscard]] Result<void> forget_blob(Session& session, std::int64_t row_id);
[[nodiscard]] Result<std::vector<Recording>> due_source_deletions(Session& session, SystemTime now, int limit);
[[nodiscard]] Result<void> settle_source(Session& session, std::int64_t row_id, const SourceOutcome& outcome);

[[nodiscard]] Result<std::optional<Recording>> begin_attempt(Session& session, const BusinessId& business,
                                                             const Sid& sid);
[[nodiscard]] Result<void> commit_stored(Session& session, std::int64_t row_id, std::int64_t fence,
                                         const StoredAudio& audio);
[[nodiscard]] Result<void> fail_attempt(Session& session, std::int64_t row_id, std::int64_t fence,
                                        const AttemptFailure& failure);
[[nodiscard]] Result<void> hand_back(Session& session, std::int64_t row_id, std::int64_t fence,
                                     AttemptConnection connection);
[[nodiscard]] Result<void> close_attempt(Session& session, std::int64_t row_id, std::int64_t fence);
[[nodiscard]] Result<void> reclaim(Session& session, const BusinessId& business, const Sid& sid,
                                   const std::optional<Cause>& give_up);

[[nodiscard]] Result<std::vector<MeasureClaim>> claim_unmeasured(Session& session, SystemTime now, SystemTime until,
                                                                 int limit);
[[nodiscard]] Result<void> release_measures(Session& session);
[[nodiscard]] Result<void> record_measure(Session& session, std::int64_t row_id, const std::string& blob_key,
                                          const AudioMeasure& measure);
[[nodiscard]] Result<void> fail_measure(Session& session, std::int64_t row_id, const std::string& blob_key,
                                        const MeasureFailure& failure);
[[nodiscard]] Result<void> measure_again(Session& session, std::int64_t row_id, const std::string& blob_key);

[[nodiscard]] Result<std::vector<WaitingRecording>> waiting(Session& session, std::int64_t after, int limit);
[[nodiscard]] Result<std::vector<WaitingRecording>> waiting_of(Session& session, const BusinessId& business,
                                                               std::int64_t after, int limit);
[[nodiscard]] Result<std::vector<Sid>> waiting_fetches(Session& session, const BusinessId& business, SystemTime now,
                                                       int limit);
[[nodiscard]] Result<std::vector<BacklogLine>> backlog(Session& session, SystemTime now);
[[nodiscard]] Result<std::vector<BusinessId>> businesses_at_work(Session& session);
[[nodiscard]] Result<bool> has_open_attempt(Session& session, const BusinessId& business);
[[nodiscard]] Result<std::int64_t> raise_slot_epoch(Session& session, const BusinessId& business, SystemTime now);

[[nodiscard]] Result<std::vector<std::optional<KnownRecording>>> known_recordings(
    Session& session, const AccountSid& account, const std::vector<RecordingSid>& recordings);
[[nodiscard]] Result<Import> open_import(Session& session, const BusinessId& business, const ImportScope& scope,
                                         bool anew, SystemTime now);
[[nodiscard]] Result<void> save_import(Session& session, const Import& import);
[[nodiscard]] Result<std::vector<ImportTally>> import_tally(Session& session, std::int64_t import);
[[nodiscard]] Result<std::vector<BusinessId>> importing_since(Session& session, SystemTime since);

[[nodiscard]] Result<bool> take_lease(Session& session, const std::string& name, const std::string& holder,
                                      SystemTime now, Milliseconds ttl);
[[nodiscard]] Result<void> drop_lease(Session& session, const std::string& name, const std::string& holder);
[[nodiscard]] Result<bool> is_leased(Session& session, const std::string& name, SystemTime now);
[[nodiscard]] Result<UpkeepMark> find_mark(Session& session, const std::string& name);
[[nodiscard]] Result<void> put_mark(Session& session, const std::string& name, const UpkeepMark& mark);

[[nodiscard]] Result<std::int64_t> create_key(Session& session, const ApiKey& key);
[[nodiscard]] Result<std::optional<ApiKey>> find_key(Session& session, const std::string& hash);
[[nodiscard]] Result<std::vector<ApiKey>> list_keys(Session& session);
[[nodiscard]] Result<void> revoke_key(Session& session, std::int64_t id, SystemTime now);
[[nodiscard]] Result<void> create_login(Session& session, const std::string& token_hash, const LoginGrant& grant,
                                        SystemTime expires);
/// Also forgets logins that nobody used in time.
[[nodiscard]] Result<std::optional<LoginGrant>> consume_login(Session& session, const std::string& token_hash,
                                                              SystemTime now);

[[nodiscard]] Result<std::int64_t> create_session(Session& session, const PageSession& page);
[[nodiscard]] Result<std::optional<PageSession>> find_session(Session& session, const std::string& token_hash,
                                                              SystemTime now, SystemTime seen_since);
[[nodiscard]] Result<void> touch_session(Session& session, std::int64_t id, SystemTime now);
[[nodiscard]] Result<std::vector<PageSession>> list_sessions(Session& session, SystemTime now);
[[nodiscard]] Result<void> end_session(Session& session, std::int64_t id);

[[nodiscard]] Result<void> append_audit(Session& session, const std::vector<AuditEntry>& entries);
[[nodiscard]] Result<AuditPage> list_audit(Session& session, const AuditQuery& query);

[[nodiscard]] Result<std::vector<ArchiveRow>> archive_page(Session& session, ArchiveTable table,
                                                           const ArchiveValue& after, int limit);
[[nodiscard]] Result<std::int64_t> archive_count(Session& session, ArchiveTable table);
[[nodiscard]] Result<void> archive_put(Session& session, ArchiveTable table, const std::vector<ArchiveRow>& rows);
[[nodiscard]] Result<void> archive_remove(Session& session, ArchiveTable table, const std::vector<ArchiveValue>& keys);
[[nodiscard]] Result<std::optional<std::int64_t>> archive_label(Session& session, const std::string& name);
[[nodiscard]] Result<void> put_archive_label(Session& session, const std::string& name,
                                             std::optional<std::int64_t> value);
/// Without what the database numbers by itself.
[[nodiscard]] Result<void> finish_archive(Session& session);

}  // namespace tapedeck::sql

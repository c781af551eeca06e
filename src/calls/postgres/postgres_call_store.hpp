#pragma once

#include <memory>
#include <string_view>

#include "base/secret_box.hpp"
#include "calls/ports/call_archive.hpp"
#include "calls/ports/call_store.hpp"
#include "calls/postgres/connection_pool.hpp"

namespace tapedeck {

struct PostgresOptions {
  postgres::DatabaseLimits limits;
  /// Apart from each other, so that changes that wait for a lock or for the disk do not keep a play of a stored
  /// recording waiting. Together they are the most connections that this process has; connections that change something
  /// at the same time share the server's syncs.
  postgres::PoolOptions reads{.connections = 4};
  postgres::PoolOptions changes{.connections = 8};
  /// How long to wait for another process that changes the schema.
  Seconds migration_patience{600};
};

/// For metrics.
struct PostgresCounts {
  std::uint64_t commits = 0;   ///< transactions since the start
  std::uint64_t connects = 0;  ///< connections made since the start; those above the pools' sizes were lost
  std::size_t writes_queued = 0;
  std::size_t reads_queued = 0;
};

/// The call store in PostgreSQL 14 or newer, in a schema `tapedeck` of its own; any number of processes may share it.
/// A few connections read and a few change, each on a thread of its own. ADR 0013 says why, and why nothing is lost or
/// done twice when a connection breaks.
class PostgresCallStore final : public CallStore, public CallArchive {
 public:
  /// Connects, and brings the schema up to date. `url`: postgresql://…, as libpq takes it. `secrets` must outlive the
  /// store. Errors, none of which holds the password: kInvalidArgument when the URL is none; kUnavailable when the
  /// database cannot be reached, with how to mend it; those of postgres::migrate(). Blocks, for connect_timeout or for
  /// as long as the schema changes.
  [[nodiscard]] static Result<std::unique_ptr<PostgresCallStore>> open(std::string_view url, const SecretBox& secrets,
                                                                       PostgresOptions options = {});

  Task<Result<PutOutcome>> put_business(Business business) override;
  Task<Result<std::optional<Business>>> find_business(BusinessId id) override;
  Task<Result<std::vector<Business>>> list_businesses() override;

  Task<Result<PutOutcome>> put_call(BusinessId business, CallUpdate update, SystemTime now) override;
  Task<Result<std::optional<Call>>> find_call(BusinessId business, CallSid call) override;
  Task<Result<CallPage>> list_calls(BusinessId business, CallQuery query) override;

  Task<Result<std::optional<Recording>>> find_recording(BusinessId business, Sid sid) override;
  Task<Result<RecordingChange>> announce(BusinessId business, RecordingAnnouncement announcement,
                                         SystemTime now) override;
  Task<Result<RecordingChange>> want(BusinessId business, Sid sid, Lane lane, SystemTime now) override;
  Task<Result<RecordingChange>> retry(BusinessId business, Sid sid, SystemTime now) override;
  Task<Result<RecordingChange>> cancel(BusinessId business, Sid sid) override;
  Task<Result<RecordingChange>> remove(BusinessId business, Sid sid) override;
  Task<Result<void>> forget_blob(std::int64_t row_id) override;
  Task<Result<std::vector<Recording>>> deleted_with_blob(int limit) override;

  Task<Result<RecordingChange>> set_hold(BusinessId business, Sid sid, std::optional<Hold> hold) override;
  Task<Result<bool>> reschedule_deletions(int limit) override;
  Task<Result<std::vector<Recording>>> expire(SystemTime now, int limit) override;
  Task<Result<ErasedCall>> erase_call(BusinessId business, CallSid call, EraseOrder order) override;
  Task<Result<std::vector<Recording>>> recordings_of(BusinessId business, std::string after_sid, int limit) override;
  Task<Result<bool>> note_damage(std::int64_t row_id, std::string blob_key, std::optional<std::string> damage) override;
  Task<Result<RecordingChange>> refetch(BusinessId business, Sid sid, Lane lane, SystemTime now) override;
  Task<Result<std::vector<Recording>>> due_source_deletions(SystemTime now, int limit) override;
  Task<Result<void>> settle_source(std::int64_t row_id, SourceOutcome outcome) override;

  Task<Result<std::optional<Recording>>> begin_attempt(BusinessId business, Sid sid) override;
  Task<Result<void>> commit_stored(std::int64_t row_id, std::int64_t fence, StoredAudio audio) override;
  Task<Result<void>> fail_attempt(std::int64_t row_id, std::int64_t fence, AttemptFailure failure) override;
  Task<Result<void>> hand_back(std::int64_t row_id, std::int64_t fence, AttemptConnection connection) override;
  Task<Result<void>> close_attempt(std::int64_t row_id, std::int64_t fence) override;
  Task<Result<void>> reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) override;
  Task<Result<std::vector<MeasureClaim>>> claim_unmeasured(SystemTime now, SystemTime until, int limit) override;
  Task<Result<void>> release_measures() override;
  Task<Result<void>> record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) override;
  Task<Result<void>> fail_measure(std::int64_t row_id, std::string blob_key, MeasureFailure failure) override;
  Task<Result<void>> measure_again(std::int64_t row_id, std::string blob_key) override;
  Task<Result<std::vector<WaitingRecording>>> waiting(std::int64_t after, int limit) override;
  Task<Result<std::vector<WaitingRecording>>> waiting_of(BusinessId business, std::int64_t after, int limit) override;
  Task<Result<std::vector<Sid>>> waiting_fetches(BusinessId business, SystemTime now, int limit) override;
  Task<Result<std::vector<BacklogLine>>> backlog(SystemTime now) override;
  Task<Result<std::vector<BusinessId>>> businesses_at_work() override;
  Task<Result<bool>> has_open_attempt(BusinessId business) override;
  Task<Result<std::int64_t>> raise_slot_epoch(BusinessId business, SystemTime now) override;

  Task<Result<std::vector<std::optional<KnownRecording>>>> known_recordings(
      AccountSid account, std::vector<RecordingSid> recordings) override;
  Task<Result<Import>> open_import(BusinessId business, ImportScope scope, bool anew, SystemTime now) override;
  Task<Result<void>> save_import(Import import) override;
  Task<Result<std::vector<ImportTally>>> import_tally(std::int64_t import) override;
  Task<Result<std::vector<BusinessId>>> importing_since(SystemTime since) override;
  Task<Result<std::vector<Recording>>> stored_after(std::int64_t after, int limit) override;
  Task<Result<void>> lose_audio(std::int64_t row_id, std::int64_t fence, std::optional<Cause> cause,
                                SystemTime now) override;
  Task<Result<bool>> take_lease(std::string name, std::string holder, SystemTime now, Milliseconds ttl) override;
  Task<Result<void>> drop_lease(std::string name, std::string holder) override;
  Task<Result<bool>> is_leased(std::string name, SystemTime now) override;
  Task<Result<UpkeepMark>> find_mark(std::string name) override;
  Task<Result<void>> put_mark(std::string name, UpkeepMark mark) override;

  Task<Result<std::int64_t>> create_key(ApiKey key) override;
  Task<Result<std::optional<ApiKey>>> find_key(std::string hash) override;
  Task<Result<std::vector<ApiKey>>> list_keys() override;
  Task<Result<void>> revoke_key(std::int64_t id, SystemTime now) override;
  Task<Result<void>> create_login(std::string token_hash, LoginGrant grant, SystemTime expires) override;
  Task<Result<std::optional<LoginGrant>>> consume_login(std::string token_hash, SystemTime now) override;

  Task<Result<void>> append_audit(std::vector<AuditEntry> entries) override;
  Task<Result<AuditPage>> list_audit(AuditQuery query) override;

  Task<Result<std::vector<ArchiveRow>>> archive_page(ArchiveTable table, ArchiveValue after, int limit) override;
  Task<Result<std::int64_t>> archive_count(ArchiveTable table) override;
  Task<Result<void>> archive_put(ArchiveTable table, std::vector<ArchiveRow> rows) override;
  Task<Result<void>> archive_remove(ArchiveTable table, std::vector<ArchiveValue> keys) override;
  Task<Result<std::optional<std::int64_t>>> archive_label(std::string name) override;
  Task<Result<void>> put_archive_label(std::string name, std::optional<std::int64_t> value) override;
  Task<Result<void>> finish_archive() override;
  Task<Result<std::int64_t>> archive_users() override;

  /// Looks whether the database takes changes. After a failure that the next job would meet too it answers that failure
  /// at once, and tries a change on the side, so that the next call knows whether the store has recovered.
  Task<Result<void>> ping() override;

  /// Cheap. Thread-safe.
  [[nodiscard]] PostgresCounts counts() const;

 private:
  PostgresCallStore(const SecretBox& secrets, const postgres::ConnectionString& where, const PostgresOptions& options);

  void probe();

  const SecretBox& secrets_;
  postgres::ConnectionPool reads_;
  postgres::ConnectionPool changes_;
};

}  // namespace tapedeck

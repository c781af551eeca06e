#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/secret_box.hpp"
#include "calls/ports/call_archive.hpp"
#include "calls/ports/call_store.hpp"
#include "calls/sqlite/read_pool.hpp"
#include "calls/sqlite/write_queue.hpp"

namespace tapedeck {

struct SqliteOptions {
  sqlite::DatabaseOptions database;
  sqlite::WriteQueueOptions writes;
  /// Threads that read, each with a connection.
  std::size_t readers = 2;
  /// Most reads that wait; more are refused with kUnavailable.
  std::size_t reads_queue_max = 10'000;
};

/// For metrics.
struct SqliteCounts {
  std::uint64_t commits = 0;  ///< transactions since the start
  std::size_t writes_queued = 0;
  std::size_t reads_queued = 0;
};

/// The call store in one SQLite file: a writer that shares its syncs (write_queue.hpp) and a few readers, on threads of
/// their own. Several processes may have the file open; each change waits its turn.
class SqliteCallStore final : public CallStore, public CallArchive {
 public:
  /// Opens or makes the file, and brings its schema up to date. `secrets` must outlive the store. Errors: those of
  /// sqlite::Database::open() and sqlite::migrate(), with the path in the detail. Takes milliseconds, however large the
  /// file is.
  [[nodiscard]] static Result<std::unique_ptr<SqliteCallStore>> open(const std::string& path, const SecretBox& secrets,
                                                                     SqliteOptions options = {});

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

  /// Reads one row. After a failed change it answers that failure at once, and tries a change on the side, so that the
  /// next call knows whether the store has recovered.
  Task<Result<void>> ping() override;

  /// Cheap. Thread-safe.
  [[nodiscard]] SqliteCounts counts() const;

 private:
  SqliteCallStore(const SecretBox& secrets, sqlite::Database writer, sqlite::Database checkpointer,
                  std::vector<sqlite::Database> readers, const SqliteOptions& options);

  void probe();

  const SecretBox& secrets_;
  sqlite::ReadPool reads_;
  sqlite::WriteQueue writes_;
};

}  // namespace tapedeck

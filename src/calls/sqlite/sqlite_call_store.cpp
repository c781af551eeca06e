#include "calls/sqlite/sqlite_call_store.hpp"

#include <fmt/format.h>

#include "calls/sqlite/access.hpp"
#include "calls/sqlite/attempts.hpp"
#include "calls/sqlite/businesses.hpp"
#include "calls/sqlite/calls.hpp"
#include "calls/sqlite/measures.hpp"
#include "calls/sqlite/migrations.hpp"
#include "calls/sqlite/rebuilding.hpp"
#include "calls/sqlite/recordings.hpp"
#include "calls/sqlite/upkeep.hpp"

// Every function here packs its arguments for a thread of the database and returns the task that waits for it: what is
// done there is in businesses.cpp, calls.cpp, announcements.cpp, recordings.cpp, attempts.cpp, measures.cpp,
// rebuilding.cpp, upkeep.cpp and access.cpp. None of these functions is a coroutine itself, so the lambdas own their
// arguments until the work is done.

namespace tapedeck {

using sqlite::Database;
using sqlite::read;
using sqlite::write;

namespace {

// A change of one row that every open database has.
class Probe final : public sqlite::Job {
 public:
  bool run(Database& database) override {
    const auto change = [](Database& target) -> Result<void> {
      target.run("UPDATE meta SET value = value + 1 WHERE key = 'probe'");
      return {};
    };
    result_ = sqlite::run_guarded<Result<void>>(change, database);
    return result_.has_value();
  }
  Error failure() const override { return result_ ? Error() : result_.error(); }
  void fail(const Error&) override {}
  void complete(sqlite::LoopCalls&) override {}

 private:
  Result<void> result_;
};

}  // namespace

SqliteCallStore::SqliteCallStore(const SecretBox& secrets, Database writer, Database checkpointer,
                                 std::vector<Database> readers, const SqliteOptions& options)
    : secrets_(secrets),
      reads_(std::move(readers), options.reads_queue_max),
      writes_(std::move(writer), std::move(checkpointer), options.writes) {}

Result<std::unique_ptr<SqliteCallStore>> SqliteCallStore::open(const std::string& path, const SecretBox& secrets,
                                                               SqliteOptions options) {
  auto writer = Database::open(path, options.database);
  if (!writer) return fail(writer.error());
  const auto migrated = sqlite::migrate(*writer);
  if (!migrated) {
    return fail(migrated.error().errc(), fmt::format("{}: {}", path, migrated.error().detail));
  }
  auto checkpointer = Database::open(path, options.database);
  if (!checkpointer) return fail(checkpointer.error());
  sqlite::DatabaseOptions read_options = options.database;
  read_options.query_only = true;
  std::vector<Database> readers;
  for (std::size_t i = 0; i < options.readers; ++i) {
    auto reader = Database::open(path, read_options);
    if (!reader) return fail(reader.error());
    readers.push_back(std::move(*reader));
  }
  return std::unique_ptr<SqliteCallStore>(
      new SqliteCallStore(secrets, std::move(*writer), std::move(*checkpointer), std::move(readers), options));
}

Task<Result<PutOutcome>> SqliteCallStore::put_business(Business business) {
  return write(writes_, [&secrets = secrets_, business = std::move(business)](Database& database) {
    return sqlite::put_business(database, secrets, business);
  });
}

Task<Result<std::optional<Business>>> SqliteCallStore::find_business(BusinessId id) {
  return read(reads_, [&secrets = secrets_, id = std::move(id)](Database& database) {
    return sqlite::find_business(database, secrets, id);
  });
}

Task<Result<std::vector<Business>>> SqliteCallStore::list_businesses() {
  return read(reads_, [&secrets = secrets_](Database& database) { return sqlite::list_businesses(database, secrets); });
}

Task<Result<PutOutcome>> SqliteCallStore::put_call(BusinessId business, CallUpdate update, SystemTime now) {
  return write(writes_, [business = std::move(business), update = std::move(update), now](Database& database) {
    return sqlite::put_call(database, business, update, now);
  });
}

Task<Result<std::optional<Call>>> SqliteCallStore::find_call(BusinessId business, CallSid call) {
  return read(reads_, [business = std::move(business), call = std::move(call)](Database& database) {
    return sqlite::find_call(database, business, call);
  });
}

Task<Result<CallPage>> SqliteCallStore::list_calls(BusinessId business, CallQuery query) {
  return read(reads_, [business = std::move(business), query = std::move(query)](Database& database) {
    return sqlite::list_calls(database, business, query);
  });
}

Task<Result<std::optional<Recording>>> SqliteCallStore::find_recording(BusinessId business, Sid sid) {
  return read(reads_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return Result<std::optional<Recording>>(sqlite::find_recording(database, business, sid));
  });
}

Task<Result<RecordingChange>> SqliteCallStore::announce(BusinessId business, RecordingAnnouncement announcement,
                                                        SystemTime now) {
  return write(writes_, [business = std::move(business), announcement = std::move(announcement),
                         now](Database& database) { return sqlite::announce(database, business, announcement, now); });
}

Task<Result<RecordingChange>> SqliteCallStore::want(BusinessId business, Sid sid, Lane lane, SystemTime now) {
  return write(writes_, [business = std::move(business), sid = std::move(sid), lane, now](Database& database) {
    return sqlite::want(database, business, sid, lane, now);
  });
}

Task<Result<RecordingChange>> SqliteCallStore::retry(BusinessId business, Sid sid, SystemTime now) {
  return write(writes_, [business = std::move(business), sid = std::move(sid), now](Database& database) {
    return sqlite::retry(database, business, sid, now);
  });
}

Task<Result<RecordingChange>> SqliteCallStore::cancel(BusinessId business, Sid sid) {
  return write(writes_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return sqlite::cancel(database, business, sid);
  });
}

Task<Result<RecordingChange>> SqliteCallStore::remove(BusinessId business, Sid sid) {
  return write(writes_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return sqlite::remove(database, business, sid);
  });
}

Task<Result<void>> SqliteCallStore::forget_blob(std::int64_t row_id) {
  return write(writes_, [row_id](Database& database) { return sqlite::forget_blob(database, row_id); });
}

Task<Result<std::vector<Recording>>> SqliteCallStore::deleted_with_blob(int limit) {
  return read(reads_, [limit](Database& database) { return sqlite::deleted_with_blob(database, limit); });
}

Task<Result<std::optional<Recording>>> SqliteCallStore::begin_attempt(BusinessId business, Sid sid) {
  return write(writes_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return sqlite::begin_attempt(database, business, sid);
  });
}

Task<Result<void>> SqliteCallStore::commit_stored(std::int64_t row_id, std::int64_t fence, StoredAudio audio) {
  return write(writes_, [row_id, fence, audio = std::move(audio)](Database& database) {
    return sqlite::commit_stored(database, row_id, fence, audio);
  });
}

Task<Result<void>> SqliteCallStore::fail_attempt(std::int64_t row_id, std::int64_t fence, AttemptFailure failure) {
  return write(writes_, [row_id, fence, failure = std::move(failure)](Database& database) {
    return sqlite::fail_attempt(database, row_id, fence, failure);
  });
}

Task<Result<void>> SqliteCallStore::hand_back(std::int64_t row_id, std::int64_t fence, AttemptConnection connection) {
  return write(writes_, [row_id, fence, connection](Database& database) {
    return sqlite::hand_back(database, row_id, fence, connection);
  });
}

Task<Result<void>> SqliteCallStore::close_attempt(std::int64_t row_id, std::int64_t fence) {
  return write(writes_, [row_id, fence](Database& database) { return sqlite::close_attempt(database, row_id, fence); });
}

Task<Result<void>> SqliteCallStore::reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) {
  return write(writes_, [business = std::move(business), sid = std::move(sid), give_up = std::move(give_up)](
                            Database& database) { return sqlite::reclaim(database, business, sid, give_up); });
}

Task<Result<std::vector<MeasureClaim>>> SqliteCallStore::claim_unmeasured(SystemTime now, SystemTime until, int limit) {
  return write(writes_, [now, until, limit](Database& database) {
    return sqlite::claim_unmeasured(database, now, until, limit);
  });
}

Task<Result<void>> SqliteCallStore::release_measures() {
  return write(writes_, [](Database& database) { return sqlite::release_measures(database); });
}

Task<Result<void>> SqliteCallStore::record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) {
  return write(writes_, [row_id, blob_key = std::move(blob_key), measure = std::move(measure)](Database& database) {
    return sqlite::record_measure(database, row_id, blob_key, measure);
  });
}

Task<Result<void>> SqliteCallStore::fail_measure(std::int64_t row_id, std::string blob_key, MeasureFailure failure) {
  return write(writes_, [row_id, blob_key = std::move(blob_key), failure = std::move(failure)](Database& database) {
    return sqlite::fail_measure(database, row_id, blob_key, failure);
  });
}

Task<Result<void>> SqliteCallStore::measure_again(std::int64_t row_id, std::string blob_key) {
  return write(writes_, [row_id, blob_key = std::move(blob_key)](Database& database) {
    return sqlite::measure_again(database, row_id, blob_key);
  });
}

Task<Result<std::vector<WaitingRecording>>> SqliteCallStore::waiting(std::int64_t after, int limit) {
  return read(reads_, [after, limit](Database& database) { return sqlite::waiting(database, after, limit); });
}

Task<Result<std::vector<WaitingRecording>>> SqliteCallStore::waiting_of(BusinessId business, std::int64_t after,
                                                                        int limit) {
  return read(reads_, [business = std::move(business), after, limit](Database& database) {
    return sqlite::waiting_of(database, business, after, limit);
  });
}

Task<Result<std::vector<Sid>>> SqliteCallStore::waiting_fetches(BusinessId business, SystemTime now, int limit) {
  return read(reads_, [business = std::move(business), now, limit](Database& database) {
    return sqlite::waiting_fetches(database, business, now, limit);
  });
}

Task<Result<std::vector<BacklogLine>>> SqliteCallStore::backlog(SystemTime now) {
  return read(reads_, [now](Database& database) { return sqlite::backlog(database, now); });
}

Task<Result<std::vector<BusinessId>>> SqliteCallStore::businesses_at_work() {
  return read(reads_, [](Database& database) { return sqlite::businesses_at_work(database); });
}

Task<Result<bool>> SqliteCallStore::has_open_attempt(BusinessId business) {
  return read(reads_, [business = std::move(business)](Database& database) {
    return sqlite::has_open_attempt(database, business);
  });
}

Task<Result<std::int64_t>> SqliteCallStore::raise_slot_epoch(BusinessId business, SystemTime now) {
  return write(writes_, [business = std::move(business), now](Database& database) {
    return sqlite::raise_slot_epoch(database, business, now);
  });
}

Task<Result<std::vector<std::optional<KnownRecording>>>> SqliteCallStore::known_recordings(
    AccountSid account, std::vector<RecordingSid> recordings) {
  return read(reads_, [account = std::move(account), recordings = std::move(recordings)](Database& database) {
    return sqlite::known_recordings(database, account, recordings);
  });
}

Task<Result<Import>> SqliteCallStore::open_import(BusinessId business, ImportScope scope, bool anew, SystemTime now) {
  return write(writes_, [business = std::move(business), scope = std::move(scope), anew, now](Database& database) {
    return sqlite::open_import(database, business, scope, anew, now);
  });
}

Task<Result<void>> SqliteCallStore::save_import(Import import) {
  return write(writes_,
               [import = std::move(import)](Database& database) { return sqlite::save_import(database, import); });
}

Task<Result<std::vector<ImportTally>>> SqliteCallStore::import_tally(std::int64_t import) {
  return read(reads_, [import](Database& database) { return sqlite::import_tally(database, import); });
}

Task<Result<std::vector<BusinessId>>> SqliteCallStore::importing_since(SystemTime since) {
  return read(reads_, [since](Database& database) { return sqlite::importing_since(database, since); });
}

Task<Result<std::vector<Recording>>> SqliteCallStore::stored_after(std::int64_t after, int limit) {
  return read(reads_, [after, limit](Database& database) { return sqlite::stored_after(database, after, limit); });
}

Task<Result<void>> SqliteCallStore::lose_audio(std::int64_t row_id, std::int64_t fence, std::optional<Cause> cause,
                                               SystemTime now) {
  return write(writes_, [row_id, fence, cause = std::move(cause), now](Database& database) {
    return sqlite::lose_audio(database, row_id, fence, cause, now);
  });
}

Task<Result<bool>> SqliteCallStore::take_lease(std::string name, std::string holder, SystemTime now, Milliseconds ttl) {
  return write(writes_, [name = std::move(name), holder = std::move(holder), now, ttl](Database& database) {
    return sqlite::take_lease(database, name, holder, now, ttl);
  });
}

Task<Result<void>> SqliteCallStore::drop_lease(std::string name, std::string holder) {
  return write(writes_, [name = std::move(name), holder = std::move(holder)](Database& database) {
    return sqlite::drop_lease(database, name, holder);
  });
}

Task<Result<bool>> SqliteCallStore::is_leased(std::string name, SystemTime now) {
  return read(reads_,
              [name = std::move(name), now](Database& database) { return sqlite::is_leased(database, name, now); });
}

Task<Result<UpkeepMark>> SqliteCallStore::find_mark(std::string name) {
  return read(reads_, [name = std::move(name)](Database& database) { return sqlite::find_mark(database, name); });
}

Task<Result<void>> SqliteCallStore::put_mark(std::string name, UpkeepMark mark) {
  return write(writes_, [name = std::move(name), mark = std::move(mark)](Database& database) {
    return sqlite::put_mark(database, name, mark);
  });
}

Task<Result<std::int64_t>> SqliteCallStore::create_key(ApiKey key) {
  return write(writes_, [key = std::move(key)](Database& database) { return sqlite::create_key(database, key); });
}

Task<Result<std::optional<ApiKey>>> SqliteCallStore::find_key(std::string hash) {
  return read(reads_, [hash = std::move(hash)](Database& database) { return sqlite::find_key(database, hash); });
}

Task<Result<std::vector<ApiKey>>> SqliteCallStore::list_keys() {
  return read(reads_, [](Database& database) { return sqlite::list_keys(database); });
}

Task<Result<void>> SqliteCallStore::revoke_key(std::int64_t id, SystemTime now) {
  return write(writes_, [id, now](Database& database) { return sqlite::revoke_key(database, id, now); });
}

Task<Result<void>> SqliteCallStore::create_login(std::string token_hash, LoginGrant grant, SystemTime expires) {
  return write(writes_, [token_hash = std::move(token_hash), grant = std::move(grant), expires](Database& database) {
    return sqlite::create_login(database, token_hash, grant, expires);
  });
}

Task<Result<std::optional<LoginGrant>>> SqliteCallStore::consume_login(std::string token_hash, SystemTime now) {
  return write(writes_, [token_hash = std::move(token_hash), now](Database& database) {
    return sqlite::consume_login(database, token_hash, now);
  });
}

Task<Result<void>> SqliteCallStore::append_audit(std::vector<AuditEntry> entries) {
  return write(writes_,
               [entries = std::move(entries)](Database& database) { return sqlite::append_audit(database, entries); });
}

Task<Result<void>> SqliteCallStore::ping() {
  const auto failure = writes_.last_failure();
  if (failure) {
    probe();
    co_return fail(*failure);
  }
  auto look = [](Database& database) -> Result<void> {
    (void)database.query("SELECT value FROM meta LIMIT 1").step();
    return {};
  };
  Result<void> seen = co_await read(reads_, look);
  co_return seen;
}

// One at a time is enough: while changes wait, they are the probe.
void SqliteCallStore::probe() {
  if (writes_.queued() > 0) return;
  std::unique_ptr<sqlite::Job> job = std::make_unique<Probe>();
  (void)writes_.post(job);
}

SqliteCounts SqliteCallStore::counts() const {
  return {.commits = writes_.commits(), .writes_queued = writes_.queued(), .reads_queued = reads_.queued()};
}

}  // namespace tapedeck

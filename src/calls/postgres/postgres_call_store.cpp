#include "calls/postgres/postgres_call_store.hpp"

#include <fmt/format.h>

#include "calls/postgres/access.hpp"
#include "calls/postgres/attempts.hpp"
#include "calls/postgres/businesses.hpp"
#include "calls/postgres/calls.hpp"
#include "calls/postgres/measures.hpp"
#include "calls/postgres/migrations.hpp"
#include "calls/postgres/rebuilding.hpp"
#include "calls/postgres/recordings.hpp"
#include "calls/postgres/upkeep.hpp"

// Every function here packs its arguments for a thread of the database and returns the task that waits for it: what is
// done there is in businesses.cpp, calls.cpp, announcements.cpp, recordings.cpp, attempts.cpp, measures.cpp,
// rebuilding.cpp, upkeep.cpp and access.cpp. None of these functions is a coroutine itself, so the lambdas own their
// arguments until the work is done.

namespace tapedeck {

using postgres::Database;
using postgres::ResultRows;
using postgres::run_on;

namespace {

/// How long a health check waits for its turn, and a connection for its answer to one.
constexpr Milliseconds kPingPatience{2'000};

Result<void> look(Database& database) {
  const ResultRows rows = database.query(
      "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean FROM meta WHERE key = 'schema'");
  if (rows.empty()) return fail(Errc::kCorrupt, "the schema tapedeck is damaged: its version is missing");
  if (!rows.front().boolean(0)) return {};
  return fail(postgres::failure_of("25006", "it is read only").error());
}

// A change of one row that every database has.
Result<void> change_probe(Database& database) {
  (void)database.run("UPDATE meta SET value = value + 1 WHERE key = 'probe'");
  return {};
}

void forget_abandoned_marks(Database& database) {
  try {
    postgres::ChangeMark::forget_abandoned(database);
  } catch (const postgres::StorageFailure&) {
    // A standby, or a moment that does not suit: the next start does it.
  }
}

Error with_place(const Error& error, const postgres::ConnectionString& where) {
  Error placed = error;
  placed.detail = fmt::format("{}: {}", where.shown(), error.detail);
  return placed;
}

}  // namespace

PostgresCallStore::PostgresCallStore(const SecretBox& secrets, const postgres::ConnectionString& where,
                                     const PostgresOptions& options)
    : secrets_(secrets),
      reads_("db-read", postgres::Access::kRead, where, options.limits, options.reads),
      changes_("db-change", postgres::Access::kChange, where, options.limits, options.changes) {}

Result<std::unique_ptr<PostgresCallStore>> PostgresCallStore::open(std::string_view url, const SecretBox& secrets,
                                                                   PostgresOptions options) {
  const auto where = postgres::ConnectionString::parse(url);
  if (!where) return fail(where.error());
  try {
    Database database(*where, options.limits);
    const auto migrated = postgres::migrate(database, options.migration_patience);
    if (!migrated) return fail(with_place(migrated.error(), *where));
    forget_abandoned_marks(database);
  } catch (const postgres::StorageFailure& failure) {
    return fail(with_place(failure.error(), *where));
  }
  return std::unique_ptr<PostgresCallStore>(new PostgresCallStore(secrets, *where, options));
}

Task<Result<PutOutcome>> PostgresCallStore::put_business(Business business) {
  return run_on(changes_, [&secrets = secrets_, business = std::move(business)](Database& database) {
    return postgres::put_business(database, secrets, business);
  });
}

Task<Result<std::optional<Business>>> PostgresCallStore::find_business(BusinessId id) {
  return run_on(reads_, [&secrets = secrets_, id = std::move(id)](Database& database) {
    return postgres::find_business(database, secrets, id);
  });
}

Task<Result<std::vector<Business>>> PostgresCallStore::list_businesses() {
  return run_on(reads_,
                [&secrets = secrets_](Database& database) { return postgres::list_businesses(database, secrets); });
}

Task<Result<PutOutcome>> PostgresCallStore::put_call(BusinessId business, CallUpdate update, SystemTime now) {
  return run_on(changes_, [business = std::move(business), update = std::move(update), now](Database& database) {
    return postgres::put_call(database, business, update, now);
  });
}

Task<Result<std::optional<Call>>> PostgresCallStore::find_call(BusinessId business, CallSid call) {
  return run_on(reads_, [business = std::move(business), call = std::move(call)](Database& database) {
    return postgres::find_call(database, business, call);
  });
}

Task<Result<CallPage>> PostgresCallStore::list_calls(BusinessId business, CallQuery query) {
  return run_on(reads_, [business = std::move(business), query = std::move(query)](Database& database) {
    return postgres::list_calls(database, business, query);
  });
}

Task<Result<std::optional<Recording>>> PostgresCallStore::find_recording(BusinessId business, Sid sid) {
  return run_on(reads_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return Result<std::optional<Recording>>(postgres::find_recording(database, business, sid));
  });
}

Task<Result<RecordingChange>> PostgresCallStore::announce(BusinessId business, RecordingAnnouncement announcement,
                                                          SystemTime now) {
  return run_on(changes_,
                [business = std::move(business), announcement = std::move(announcement), now](Database& database) {
                  return postgres::announce(database, business, announcement, now);
                });
}

Task<Result<RecordingChange>> PostgresCallStore::want(BusinessId business, Sid sid, Lane lane, SystemTime now) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid), lane, now](Database& database) {
    return postgres::want(database, business, sid, lane, now);
  });
}

Task<Result<RecordingChange>> PostgresCallStore::retry(BusinessId business, Sid sid, SystemTime now) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid), now](Database& database) {
    return postgres::retry(database, business, sid, now);
  });
}

Task<Result<RecordingChange>> PostgresCallStore::cancel(BusinessId business, Sid sid) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return postgres::cancel(database, business, sid);
  });
}

Task<Result<RecordingChange>> PostgresCallStore::remove(BusinessId business, Sid sid) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return postgres::remove(database, business, sid);
  });
}

Task<Result<void>> PostgresCallStore::forget_blob(std::int64_t row_id) {
  return run_on(changes_, [row_id](Database& database) { return postgres::forget_blob(database, row_id); });
}

Task<Result<std::vector<Recording>>> PostgresCallStore::deleted_with_blob(int limit) {
  return run_on(reads_, [limit](Database& database) { return postgres::deleted_with_blob(database, limit); });
}

Task<Result<std::optional<Recording>>> PostgresCallStore::begin_attempt(BusinessId business, Sid sid) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid)](Database& database) {
    return postgres::begin_attempt(database, business, sid);
  });
}

Task<Result<void>> PostgresCallStore::commit_stored(std::int64_t row_id, std::int64_t fence, StoredAudio audio) {
  return run_on(changes_, [row_id, fence, audio = std::move(audio)](Database& database) {
    return postgres::commit_stored(database, row_id, fence, audio);
  });
}

Task<Result<void>> PostgresCallStore::fail_attempt(std::int64_t row_id, std::int64_t fence, AttemptFailure failure) {
  return run_on(changes_, [row_id, fence, failure = std::move(failure)](Database& database) {
    return postgres::fail_attempt(database, row_id, fence, failure);
  });
}

Task<Result<void>> PostgresCallStore::hand_back(std::int64_t row_id, std::int64_t fence, AttemptConnection connection) {
  return run_on(changes_, [row_id, fence, connection](Database& database) {
    return postgres::hand_back(database, row_id, fence, connection);
  });
}

Task<Result<void>> PostgresCallStore::close_attempt(std::int64_t row_id, std::int64_t fence) {
  return run_on(changes_,
                [row_id, fence](Database& database) { return postgres::close_attempt(database, row_id, fence); });
}

Task<Result<void>> PostgresCallStore::reclaim(BusinessId business, Sid sid, std::optional<Cause> give_up) {
  return run_on(changes_, [business = std::move(business), sid = std::move(sid), give_up = std::move(give_up)](
                              Database& database) { return postgres::reclaim(database, business, sid, give_up); });
}

Task<Result<std::vector<MeasureClaim>>> PostgresCallStore::claim_unmeasured(SystemTime now, SystemTime until,
                                                                            int limit) {
  return run_on(changes_, [now, until, limit](Database& database) {
    return postgres::claim_unmeasured(database, now, until, limit);
  });
}

Task<Result<void>> PostgresCallStore::release_measures() {
  return run_on(changes_, [](Database& database) { return postgres::release_measures(database); });
}

Task<Result<void>> PostgresCallStore::record_measure(std::int64_t row_id, std::string blob_key, AudioMeasure measure) {
  return run_on(changes_, [row_id, blob_key = std::move(blob_key), measure = std::move(measure)](Database& database) {
    return postgres::record_measure(database, row_id, blob_key, measure);
  });
}

Task<Result<void>> PostgresCallStore::fail_measure(std::int64_t row_id, std::string blob_key, MeasureFailure failure) {
  return run_on(changes_, [row_id, blob_key = std::move(blob_key), failure = std::move(failure)](Database& database) {
    return postgres::fail_measure(database, row_id, blob_key, failure);
  });
}

Task<Result<void>> PostgresCallStore::measure_again(std::int64_t row_id, std::string blob_key) {
  return run_on(changes_, [row_id, blob_key = std::move(blob_key)](Database& database) {
    return postgres::measure_again(database, row_id, blob_key);
  });
}

Task<Result<std::vector<WaitingRecording>>> PostgresCallStore::waiting(std::int64_t after, int limit) {
  return run_on(reads_, [after, limit](Database& database) { return postgres::waiting(database, after, limit); });
}

Task<Result<std::vector<WaitingRecording>>> PostgresCallStore::waiting_of(BusinessId business, std::int64_t after,
                                                                          int limit) {
  return run_on(reads_, [business = std::move(business), after, limit](Database& database) {
    return postgres::waiting_of(database, business, after, limit);
  });
}

Task<Result<std::vector<Sid>>> PostgresCallStore::waiting_fetches(BusinessId business, SystemTime now, int limit) {
  return run_on(reads_, [business = std::move(business), now, limit](Database& database) {
    return postgres::waiting_fetches(database, business, now, limit);
  });
}

Task<Result<std::vector<BacklogLine>>> PostgresCallStore::backlog(SystemTime now) {
  return run_on(reads_, [now](Database& database) { return postgres::backlog(database, now); });
}

Task<Result<std::vector<BusinessId>>> PostgresCallStore::businesses_at_work() {
  return run_on(reads_, [](Database& database) { return postgres::businesses_at_work(database); });
}

Task<Result<bool>> PostgresCallStore::has_open_attempt(BusinessId business) {
  return run_on(reads_, [business = std::move(business)](Database& database) {
    return postgres::has_open_attempt(database, business);
  });
}

Task<Result<std::int64_t>> PostgresCallStore::raise_slot_epoch(BusinessId business, SystemTime now) {
  return run_on(changes_, [business = std::move(business), now](Database& database) {
    return postgres::raise_slot_epoch(database, business, now);
  });
}

Task<Result<std::vector<std::optional<KnownRecording>>>> PostgresCallStore::known_recordings(
    AccountSid account, std::vector<RecordingSid> recordings) {
  return run_on(reads_, [account = std::move(account), recordings = std::move(recordings)](Database& database) {
    return postgres::known_recordings(database, account, recordings);
  });
}

Task<Result<Import>> PostgresCallStore::open_import(BusinessId business, ImportScope scope, bool anew, SystemTime now) {
  return run_on(changes_, [business = std::move(business), scope = std::move(scope), anew, now](Database& database) {
    return postgres::open_import(database, business, scope, anew, now);
  });
}

Task<Result<void>> PostgresCallStore::save_import(Import import) {
  return run_on(changes_,
                [import = std::move(import)](Database& database) { return postgres::save_import(database, import); });
}

Task<Result<std::vector<ImportTally>>> PostgresCallStore::import_tally(std::int64_t import) {
  return run_on(reads_, [import](Database& database) { return postgres::import_tally(database, import); });
}

Task<Result<std::vector<BusinessId>>> PostgresCallStore::importing_since(SystemTime since) {
  return run_on(reads_, [since](Database& database) { return postgres::importing_since(database, since); });
}

Task<Result<std::vector<Recording>>> PostgresCallStore::stored_after(std::int64_t after, int limit) {
  return run_on(reads_, [after, limit](Database& database) { return postgres::stored_after(database, after, limit); });
}

Task<Result<void>> PostgresCallStore::lose_audio(std::int64_t row_id, std::int64_t fence, std::optional<Cause> cause,
                                                 SystemTime now) {
  return run_on(changes_, [row_id, fence, cause = std::move(cause), now](Database& database) {
    return postgres::lose_audio(database, row_id, fence, cause, now);
  });
}

Task<Result<bool>> PostgresCallStore::take_lease(std::string name, std::string holder, SystemTime now,
                                                 Milliseconds ttl) {
  return run_on(changes_, [name = std::move(name), holder = std::move(holder), now, ttl](Database& database) {
    return postgres::take_lease(database, name, holder, now, ttl);
  });
}

Task<Result<void>> PostgresCallStore::drop_lease(std::string name, std::string holder) {
  return run_on(changes_, [name = std::move(name), holder = std::move(holder)](Database& database) {
    return postgres::drop_lease(database, name, holder);
  });
}

Task<Result<bool>> PostgresCallStore::is_leased(std::string name, SystemTime now) {
  return run_on(reads_,
                [name = std::move(name), now](Database& database) { return postgres::is_leased(database, name, now); });
}

Task<Result<UpkeepMark>> PostgresCallStore::find_mark(std::string name) {
  return run_on(reads_, [name = std::move(name)](Database& database) { return postgres::find_mark(database, name); });
}

Task<Result<void>> PostgresCallStore::put_mark(std::string name, UpkeepMark mark) {
  return run_on(changes_, [name = std::move(name), mark = std::move(mark)](Database& database) {
    return postgres::put_mark(database, name, mark);
  });
}

Task<Result<std::int64_t>> PostgresCallStore::create_key(ApiKey key) {
  return run_on(changes_, [key = std::move(key)](Database& database) { return postgres::create_key(database, key); });
}

Task<Result<std::optional<ApiKey>>> PostgresCallStore::find_key(std::string hash) {
  return run_on(reads_, [hash = std::move(hash)](Database& database) { return postgres::find_key(database, hash); });
}

Task<Result<std::vector<ApiKey>>> PostgresCallStore::list_keys() {
  return run_on(reads_, [](Database& database) { return postgres::list_keys(database); });
}

Task<Result<void>> PostgresCallStore::revoke_key(std::int64_t id, SystemTime now) {
  return run_on(changes_, [id, now](Database& database) { return postgres::revoke_key(database, id, now); });
}

Task<Result<void>> PostgresCallStore::create_login(std::string token_hash, LoginGrant grant, SystemTime expires) {
  return run_on(changes_, [token_hash = std::move(token_hash), grant = std::move(grant), expires](Database& database) {
    return postgres::create_login(database, token_hash, grant, expires);
  });
}

Task<Result<std::optional<LoginGrant>>> PostgresCallStore::consume_login(std::string token_hash, SystemTime now) {
  return run_on(changes_, [token_hash = std::move(token_hash), now](Database& database) {
    return postgres::consume_login(database, token_hash, now);
  });
}

Task<Result<void>> PostgresCallStore::append_audit(std::vector<AuditEntry> entries) {
  return run_on(changes_, [entries = std::move(entries)](Database& database) {
    return postgres::append_audit(database, entries);
  });
}

Task<Result<void>> PostgresCallStore::ping() {
  const auto failure = changes_.last_failure();
  if (failure) {
    probe();
    co_return fail(*failure);
  }
  Result<void> seen = co_await run_on(reads_, look, kPingPatience);
  co_return seen;
}

// One at a time is enough: while changes wait, they are the probe.
void PostgresCallStore::probe() {
  if (changes_.queued() > 0) return;
  changes_.threads().post([&changes = changes_] {
    const auto work = [](Database& database) { return change_probe(database).has_value(); };
    (void)changes.run(work, std::chrono::steady_clock::now() + kPingPatience);
  });
}

PostgresCounts PostgresCallStore::counts() const {
  const auto& changes = changes_.counts();
  return {.commits = changes.commits.load(std::memory_order_relaxed),
          .connects = changes.connects.load(std::memory_order_relaxed) +
                      reads_.counts().connects.load(std::memory_order_relaxed),
          .writes_queued = changes_.queued(),
          .reads_queued = reads_.queued()};
}

}  // namespace tapedeck

#include "calls/postgres/postgres_call_store.hpp"

#include <fmt/format.h>

#include "calls/postgres/migrations.hpp"

namespace tapedeck {

template class sql::SqlCallStore<postgres::Engine>;

using postgres::Database;
using sql::Rows;

namespace {

/// How long a health check waits for its turn, and a connection for its answer to one.
constexpr Milliseconds kPingPatience{2'000};

Result<void> look(Database& database) {
  Rows row = database.query(
      "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean FROM meta WHERE key = 'schema'");
  if (!row.next()) return fail(Errc::kCorrupt, "the schema tapedeck is damaged: its version is missing");
  if (!row.boolean(0)) return {};
  return fail(postgres::failure_of("25006", "it is read only").error());
}

// A change of one row that every database has.
Result<void> change_probe(Database& database) {
  database.run("UPDATE meta SET value = value + 1 WHERE key = 'probe'");
  return {};
}

// Counts the sessions of this user, whose names the role can see. Sessions of psql and of copies do not count.
Result<std::int64_t> count_users(Database& database) {
  Rows count = database.query(
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
      " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
      " AND application_name NOT IN ('tapedeck migrate', 'psql', 'pg_dump')");
  return count.next() ? count.integer(0) : 0;
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
  return std::unique_ptr<PostgresCallStore>(
      new PostgresCallStore(secrets, *where, options.limits, options.reads, options.changes));
}

Task<Result<std::int64_t>> PostgresCallStore::archive_users() { return engine().read(count_users); }

Task<Result<void>> PostgresCallStore::ping() {
  const auto failure = engine().changes.last_failure();
  if (failure) {
    probe();
    co_return fail(*failure);
  }
  Result<void> seen = co_await run_on(engine().reads, look, kPingPatience);
  co_return seen;
}

// One at a time is enough: while changes wait, they are the probe.
void PostgresCallStore::probe() {
  if (engine().changes.queued() > 0) return;
  engine().changes.threads().post([&changes = engine().changes] {
    const auto work = [](Database& database) { return change_probe(database).has_value(); };
    (void)changes.run(work, std::chrono::steady_clock::now() + kPingPatience);
  });
}

PostgresCounts PostgresCallStore::counts() const {
  const auto& changes = engine().changes.counts();
  return {.commits = changes.commits.load(std::memory_order_relaxed),
          .connects = changes.connects.load(std::memory_order_relaxed) +
                      engine().reads.counts().connects.load(std::memory_order_relaxed),
          .writes_queued = engine().changes.queued(),
          .reads_queued = engine().reads.queued()};
}

}  // namespace tapedeck

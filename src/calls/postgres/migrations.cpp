#include "calls/postgres/migrations.hpp"

#include <fmt/format.h>

namespace tapedeck::postgres {
namespace {

// "TPDK": names our lock among other programs' in the same database.
constexpr std::int64_t kMigrationLock = 0x5450444B;

// 0: there is none yet. One look at the tables, or another process could make them between two.
Result<int> schema_version(Database& database) {
  Rows table = database.query(
      "SELECT relname FROM pg_class WHERE relkind = 'r'"
      " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'tapedeck')"
      " ORDER BY relname = 'meta' DESC LIMIT 1");
  if (!table.next()) return 0;
  if (table.view(0) != "meta") {
    return fail(Errc::kCorrupt,
                fmt::format("the schema tapedeck is another program's: there is a table {} in it", table.view(0)));
  }
  Rows version = database.query("SELECT value FROM tapedeck.meta WHERE key = 'schema'");
  return version.next() ? static_cast<int>(version.integer(0)) : 0;
}

Result<void> check_encoding(Database& database) {
  Rows row = database.query("SELECT current_setting('server_encoding')");
  const std::string encoding = row.next() ? row.text(0) : "";
  if (encoding == "UTF8") return {};
  return fail(Errc::kConflict, fmt::format("the database is in {}, and Tapedeck needs UTF8: make one with "
                                           "createdb --encoding=UTF8 --template=template0",
                                           encoding));
}

void make_schema(Database& database) {
  // It may be there: an administrator's, for a role that may not make one.
  if (database.query("SELECT 1 FROM pg_namespace WHERE nspname = 'tapedeck'").next()) return;
  database.run_script("CREATE SCHEMA tapedeck");
}

Result<void> apply_missing(Database& database) {
  const auto version = schema_version(database);  // again: another process may have been faster
  if (!version) return fail(version.error());
  const auto acceptable = sql::check_known(*version, migrations().back().version);
  if (!acceptable) return acceptable;
  make_schema(database);
  for (const sql::Migration& migration : migrations()) {
    if (migration.version > *version) database.run_script(migration.script);
  }
  database.run("UPDATE tapedeck.meta SET value = ?1 WHERE key = 'schema'", migrations().back().version);
  return {};
}

// Explains the refusal to a role that lacks rights, in place of the first statement that it may not run.
constexpr std::string_view kRights =
    "the schema cannot be made: the role of DATABASE_URL must own the database, or an administrator must run CREATE "
    "SCHEMA tapedeck AUTHORIZATION that role, CREATE EXTENSION pg_trgm and CREATE EXTENSION btree_gin (both are in "
    "PostgreSQL's contrib package)";

Error explained(const Error& error) {
  const bool is_about_rights = error.detail.contains("SQLSTATE 42501") || error.detail.contains("SQLSTATE 0A000") ||
                               error.detail.contains("SQLSTATE 58P01");
  if (!is_about_rights) return error;
  return {Errc::kUnavailable, fmt::format("{}: {}", kRights, error.detail)};
}

}  // namespace

Result<void> migrate(Database& database, Seconds patience) {
  try {
    const auto version = schema_version(database);
    if (!version) return fail(version.error());
    if (*version == migrations().back().version) return {};
    const auto acceptable = sql::check_known(*version, migrations().back().version);
    if (!acceptable) return acceptable;
    const auto encoding = check_encoding(database);
    if (!encoding) return encoding;
    database.lift_limits();
    database.begin();
    (void)database.query("SELECT set_config('lock_timeout', ?1, true)", std::to_string(Milliseconds(patience).count()));
    (void)database.query("SELECT pg_advisory_xact_lock(?1)", kMigrationLock);
    const auto applied = apply_missing(database);
    if (!applied) {
      database.roll_back();
      return applied;
    }
    database.commit();
    return {};
  } catch (const StorageFailure& failure) {
    if (failure.remedy() == Remedy::kReconnect) throw;
    database.roll_back();
    return fail(explained(failure.error()));
  }
}

}  // namespace tapedeck::postgres

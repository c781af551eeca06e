#include "calls/sqlite/migrations.hpp"

#include <fmt/format.h>

namespace tapedeck::sqlite {
namespace {

// "TPDK": tells our files from other programs' (SQLite file format, section 1.3.17).
constexpr std::int64_t kApplicationId = 0x5450444B;
constexpr const char* kSetApplicationId = "PRAGMA application_id = 1414546507";
static_assert(kApplicationId == 1414546507);

bool is_ours(Database& database) {
  Rows id = database.query("PRAGMA application_id");
  return id.next() && id.integer(0) == kApplicationId;
}

bool has_tables(Database& database) { return database.query("SELECT 1 FROM sqlite_schema LIMIT 1").next(); }

Result<void> check_version(Database& database, int version, int newest) {
  if (!is_ours(database) && (version != 0 || has_tables(database))) {
    return fail(Errc::kCorrupt, "the file is another program's database");
  }
  return sql::check_known(version, newest);
}

// Looks at the end of each large table, where a file that was cut off is missing pages. A full check of a large file
// would take minutes.
void touch_tables(Database& database) {
  (void)database.query("SELECT value FROM meta").next();
  (void)database.query("SELECT * FROM calls ORDER BY id DESC LIMIT 1").next();
  (void)database.query("SELECT * FROM recordings ORDER BY id DESC LIMIT 1").next();
  (void)database.query("SELECT * FROM audit ORDER BY id DESC LIMIT 1").next();
}

Result<void> apply_missing(Database& database) {
  const int newest = migrations().back().version;
  database.run("BEGIN IMMEDIATE");
  const int version = database.schema_version();  // again: another process may have been faster
  const auto acceptable = check_version(database, version, newest);
  if (!acceptable) {
    database.run("ROLLBACK");
    return acceptable;
  }
  database.run_script(kSetApplicationId);
  for (const sql::Migration& migration : migrations()) {
    if (migration.version > version) database.run_script(migration.script);
  }
  database.set_schema_version(newest);
  database.run("COMMIT");
  return {};
}

}  // namespace

Result<void> migrate(Database& database) {
  try {
    if (!is_ours(database) || database.schema_version() != migrations().back().version) {
      const auto applied = apply_missing(database);
      if (!applied) return applied;
    }
    touch_tables(database);
    return {};
  } catch (const StorageFailure& failure) {
    try {
      if (database.is_in_transaction()) database.run("ROLLBACK");
    } catch (const StorageFailure&) {
      // The first failure says more.
    }
    return fail(failure.error());
  }
}

}  // namespace tapedeck::sqlite

#include "calls/sqlite/upkeep.hpp"

#include "calls/sqlite/recordings.hpp"
#include "calls/sqlite/rows.hpp"

#define TAPEDECK_IMPORT_COLUMNS                                                                        \
  "id, business_id, account_sid, since, until, started_at, touched_at, next_page, is_listed, listed, " \
  "stored_before, waiting_before, failed_before, gone, not_completed, not_ours, unreadable"

namespace tapedeck::sqlite {
namespace {

Import read_import(const Statement& row) {
  Import result;
  result.id = row.integer(0);
  result.business = read_id<BusinessId>(row, 1);
  result.scope = {read_id<AccountSid>(row, 2), read_time(row, 3), read_time(row, 4)};
  result.started_at = row.time(5);
  result.touched_at = row.time(6);
  result.next_page = row.text(7);
  result.is_listed = row.integer(8) != 0;
  result.counts = {row.integer(9),  row.integer(10), row.integer(11), row.integer(12),
                   row.integer(13), row.integer(14), row.integer(15), row.integer(16)};
  return result;
}

std::unexpected<Error> no_import(std::int64_t id) { return fail(Errc::kNotFound, fmt::format("no import {}", id)); }

}  // namespace

Result<std::vector<std::optional<KnownRecording>>> known_recordings(Database& database, const AccountSid& account,
                                                                    const std::vector<RecordingSid>& recordings) {
  std::vector<std::optional<KnownRecording>> known;
  known.reserve(recordings.size());
  for (const RecordingSid& recording : recordings) {
    // One that was told of without an account comes after one of this account.
    Statement row = database.query(
        "SELECT business_id, sid, state, coalesce(import_id, 0) FROM recordings"
        " WHERE recording_sid = ?1 AND account_sid IN (?2, '') ORDER BY account_sid DESC LIMIT 1",
        recording, account);
    known.emplace_back();
    if (!row.step()) continue;
    known.back() = KnownRecording{read_id<BusinessId>(row, 0), read_id<Sid>(row, 1), read_name(row, 2, parse_state),
                                  row.integer(3)};
  }
  return known;
}

Result<Import> open_import(Database& database, const BusinessId& business, const ImportScope& scope, bool anew,
                           SystemTime now) {
  if (!business_exists(database, business)) return no_business(business);
  if (!anew) {
    Statement row = database.query("SELECT " TAPEDECK_IMPORT_COLUMNS
                                   " FROM imports WHERE business_id = ?1 AND account_sid = ?2 AND since IS ?3"
                                   " AND until IS ?4 ORDER BY id DESC LIMIT 1",
                                   business, scope.account, scope.since, scope.until);
    if (row.step()) return read_import(row);
  }
  database.run(
      "INSERT INTO imports (business_id, account_sid, since, until, started_at, touched_at)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
      business, scope.account, scope.since, scope.until, now);
  Import opened;
  opened.id = database.last_row_id();
  opened.business = business;
  opened.scope = scope;
  opened.started_at = now;
  opened.touched_at = now;
  return opened;
}

Result<void> save_import(Database& database, const Import& opened) {
  const ImportCounts& counts = opened.counts;
  database.run(
      "UPDATE imports SET touched_at = ?2, next_page = ?3, is_listed = ?4, listed = ?5, stored_before = ?6,"
      " waiting_before = ?7, failed_before = ?8, gone = ?9, not_completed = ?10, not_ours = ?11, unreadable = ?12"
      " WHERE id = ?1",
      opened.id, opened.touched_at, opened.next_page, opened.is_listed, counts.listed, counts.stored_before,
      counts.waiting_before, counts.failed_before, counts.gone, counts.not_completed, counts.not_ours,
      counts.unreadable);
  if (database.changes() == 0) return no_import(opened.id);
  return {};
}

Result<std::vector<ImportTally>> import_tally(Database& database, std::int64_t import) {
  std::vector<ImportTally> tally;
  Statement rows = database.query(
      "SELECT state, coalesce(cause_code, ''), count(*) FROM recordings INDEXED BY recordings_of_import"
      " WHERE import_id = ?1 GROUP BY state, cause_code ORDER BY state, cause_code",
      import);
  while (rows.step()) tally.push_back({read_name(rows, 0, parse_state), rows.text(1), rows.integer(2)});
  return tally;
}

Result<std::vector<BusinessId>> importing_since(Database& database, SystemTime since) {
  std::vector<BusinessId> found;
  Statement rows =
      database.query("SELECT DISTINCT business_id FROM imports WHERE touched_at >= ?1 ORDER BY business_id", since);
  while (rows.step()) found.push_back(read_id<BusinessId>(rows, 0));
  return found;
}

Result<std::vector<Recording>> stored_after(Database& database, std::int64_t after, int limit) {
  std::vector<Recording> found;
  Statement rows = database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                  " FROM recordings WHERE id > ?1 AND state = 'stored' ORDER BY id LIMIT ?2",
                                  after, limit);
  while (rows.step()) found.push_back(read_recording(rows));
  return found;
}

// The fence is raised, so that a commit which is late does not bring back what is lost.
Result<void> lose_audio(Database& database, std::int64_t row_id, std::int64_t fence, const std::optional<Cause>& cause,
                        SystemTime now) {
  const std::string_view state = state_name(cause ? RecordingState::kFailed : RecordingState::kQueued);
  const std::optional<std::string> code = cause ? std::optional(cause->code) : std::nullopt;
  const std::optional<std::string> detail = cause ? std::optional(cause->detail) : std::nullopt;
  database.run(
      "UPDATE recordings SET state = ?3, cause_code = ?4, cause_detail = ?5, fence = fence + 1, attempts = 0,"
      " retry_at = NULL, lane = 'fetch', wanted_at = ?6,"
      " wanted_order = iif(?4 IS NULL, " TAPEDECK_NEXT_WANTED_ORDER
      ", wanted_order), blob_key = NULL, size_bytes = NULL, content_type = NULL, sha256 = NULL, stored_at = NULL"
      " WHERE id = ?1 AND fence = ?2 AND state = 'stored'",
      row_id, fence, state, code, detail, now);
  if (database.changes() > 0) return {};
  return fail(Errc::kStaleFence, "the recording has changed since");
}

Result<bool> take_lease(Database& database, const std::string& name, const std::string& holder, SystemTime now,
                        Milliseconds ttl) {
  database.run(
      "INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?4) ON CONFLICT (name) DO UPDATE"
      " SET holder = ?2, expires_at = ?4 WHERE leases.holder = ?2 OR leases.expires_at <= ?3",
      name, holder, now, now + ttl);
  return database.changes() > 0;
}

Result<void> drop_lease(Database& database, const std::string& name, const std::string& holder) {
  database.run("DELETE FROM leases WHERE name = ?1 AND holder = ?2", name, holder);
  return {};
}

Result<bool> is_leased(Database& database, const std::string& name, SystemTime now) {
  return database.query("SELECT 1 FROM leases WHERE name = ?1 AND expires_at > ?2", name, now).step();
}

Result<UpkeepMark> find_mark(Database& database, const std::string& name) {
  Statement row = database.query("SELECT cursor, finished_at FROM marks WHERE name = ?1", name);
  if (!row.step()) return UpkeepMark{};
  return UpkeepMark{row.text(0), read_time(row, 1)};
}

Result<void> put_mark(Database& database, const std::string& name, const UpkeepMark& mark) {
  database.run(
      "INSERT INTO marks (name, cursor, finished_at) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE"
      " SET cursor = ?2, finished_at = ?3",
      name, mark.cursor, mark.finished_at);
  return {};
}

}  // namespace tapedeck::sqlite

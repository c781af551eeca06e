#include "calls/postgres/upkeep.hpp"

#include <unordered_map>

#include "calls/postgres/rows.hpp"

#define TAPEDECK_IMPORT_COLUMNS                                                                        \
  "id, business_id, account_sid, since, until, started_at, touched_at, next_page, is_listed, listed, " \
  "stored_before, waiting_before, failed_before, gone, not_completed, not_ours, unreadable"

namespace tapedeck::postgres {
namespace {

Import read_import(const Row& row) {
  Import result;
  result.id = row.integer(0);
  result.business = read_id<BusinessId>(row, 1);
  result.scope = {read_id<AccountSid>(row, 2), read_time(row, 3), read_time(row, 4)};
  result.started_at = row.time(5);
  result.touched_at = row.time(6);
  result.next_page = row.text(7);
  result.is_listed = row.boolean(8);
  result.counts = {row.integer(9),  row.integer(10), row.integer(11), row.integer(12),
                   row.integer(13), row.integer(14), row.integer(15), row.integer(16)};
  return result;
}

std::unexpected<Error> no_import(std::int64_t id) { return fail(Errc::kNotFound, fmt::format("no import {}", id)); }

}  // namespace

Result<std::vector<std::optional<KnownRecording>>> known_recordings(Database& database, const AccountSid& account,
                                                                    const std::vector<RecordingSid>& recordings) {
  std::vector<std::string> asked;
  asked.reserve(recordings.size());
  for (const RecordingSid& recording : recordings) asked.push_back(recording.str());
  // One that was told of without an account comes before one of this account, which then takes its place.
  const ResultRows rows = database.query(
      "SELECT business_id, sid, state, coalesce(import_id, 0), recording_sid FROM recordings"
      " WHERE recording_sid = ANY($1) AND account_sid IN ($2, '') ORDER BY account_sid",
      asked, account);
  std::unordered_map<RecordingSid, KnownRecording> found;
  for (const Row row : rows) {
    found.insert_or_assign(read_id<RecordingSid>(row, 4),
                           KnownRecording{read_id<BusinessId>(row, 0), read_id<Sid>(row, 1),
                                          read_name(row, 2, parse_state), row.integer(3)});
  }
  std::vector<std::optional<KnownRecording>> known;
  known.reserve(recordings.size());
  for (const RecordingSid& recording : recordings) {
    const auto one = found.find(recording);
    known.push_back(one == found.end() ? std::nullopt : std::optional(one->second));
  }
  return known;
}

Result<Import> open_import(Database& database, const BusinessId& business, const ImportScope& scope, bool anew,
                           SystemTime now) {
  if (!business_exists(database, business)) return no_business(business);
  if (!anew) {
    const ResultRows rows = database.query("SELECT " TAPEDECK_IMPORT_COLUMNS
                                           " FROM imports WHERE business_id = $1 AND account_sid = $2"
                                           " AND since IS NOT DISTINCT FROM $3 AND until IS NOT DISTINCT FROM $4"
                                           " ORDER BY id DESC LIMIT 1",
                                           business, scope.account, scope.since, scope.until);
    if (!rows.empty()) return read_import(rows.front());
  }
  const ResultRows added = database.query(
      "INSERT INTO imports (business_id, account_sid, since, until, started_at, touched_at)"
      " VALUES ($1, $2, $3, $4, $5, $5) RETURNING " TAPEDECK_IMPORT_COLUMNS,
      business, scope.account, scope.since, scope.until, now);
  return read_import(added.front());
}

Result<void> save_import(Database& database, const Import& opened) {
  const ImportCounts& counts = opened.counts;
  const std::int64_t changed = database.run(
      "UPDATE imports SET touched_at = $2, next_page = $3, is_listed = $4, listed = $5, stored_before = $6,"
      " waiting_before = $7, failed_before = $8, gone = $9, not_completed = $10, not_ours = $11, unreadable = $12"
      " WHERE id = $1",
      opened.id, opened.touched_at, opened.next_page, opened.is_listed, counts.listed, counts.stored_before,
      counts.waiting_before, counts.failed_before, counts.gone, counts.not_completed, counts.not_ours,
      counts.unreadable);
  if (changed == 0) return no_import(opened.id);
  return {};
}

Result<std::vector<ImportTally>> import_tally(Database& database, std::int64_t import) {
  std::vector<ImportTally> tally;
  const ResultRows rows = database.query(
      "SELECT state, coalesce(cause_code, ''), count(*) FROM recordings WHERE import_id = $1"
      " GROUP BY state, cause_code ORDER BY state, cause_code NULLS FIRST",
      import);
  for (const Row row : rows) tally.push_back({read_name(row, 0, parse_state), row.text(1), row.integer(2)});
  return tally;
}

Result<std::vector<BusinessId>> importing_since(Database& database, SystemTime since) {
  std::vector<BusinessId> found;
  const ResultRows rows =
      database.query("SELECT DISTINCT business_id FROM imports WHERE touched_at >= $1 ORDER BY business_id", since);
  for (const Row row : rows) found.push_back(read_id<BusinessId>(row, 0));
  return found;
}

Result<std::vector<Recording>> stored_after(Database& database, std::int64_t after, int limit) {
  std::vector<Recording> found;
  const ResultRows rows = database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                         " FROM recordings WHERE id > $1 AND state = 'stored' ORDER BY id LIMIT $2",
                                         after, limit);
  for (const Row row : rows) found.push_back(read_recording(row));
  return found;
}

// The fence is raised, so that a commit which is late does not bring back what is lost.
Result<void> lose_audio(Database& database, std::int64_t row_id, std::int64_t fence, const std::optional<Cause>& cause,
                        SystemTime now) {
  const std::string_view state = state_name(cause ? RecordingState::kFailed : RecordingState::kQueued);
  const std::optional<std::string> code = cause ? std::optional(cause->code) : std::nullopt;
  const std::optional<std::string> detail = cause ? std::optional(cause->detail) : std::nullopt;
  const std::int64_t changed = database.run(
      "UPDATE recordings SET state = $3, cause_code = $4, cause_detail = $5, fence = fence + 1, attempts = 0,"
      " retry_at = NULL, lane = 'fetch', wanted_at = $6,"
      " wanted_order = CASE WHEN $4 IS NULL THEN nextval('wanted_orders') ELSE wanted_order END, blob_key = NULL,"
      " size_bytes = NULL, content_type = NULL, sha256 = NULL, stored_at = NULL"
      " WHERE id = $1 AND fence = $2 AND state = 'stored'",
      row_id, fence, state, code, detail, now);
  if (changed > 0) return {};
  return fail(Errc::kStaleFence, "the recording has changed since");
}

Result<bool> take_lease(Database& database, const std::string& name, const std::string& holder, SystemTime now,
                        Milliseconds ttl) {
  return database.run(
             "INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $4) ON CONFLICT (name) DO UPDATE"
             " SET holder = $2, expires_at = $4 WHERE leases.holder = $2 OR leases.expires_at <= $3",
             name, holder, now, now + ttl) > 0;
}

Result<void> drop_lease(Database& database, const std::string& name, const std::string& holder) {
  (void)database.run("DELETE FROM leases WHERE name = $1 AND holder = $2", name, holder);
  return {};
}

Result<bool> is_leased(Database& database, const std::string& name, SystemTime now) {
  return !database.query("SELECT 1 FROM leases WHERE name = $1 AND expires_at > $2", name, now).empty();
}

Result<UpkeepMark> find_mark(Database& database, const std::string& name) {
  const ResultRows rows = database.query("SELECT cursor, finished_at FROM marks WHERE name = $1", name);
  if (rows.empty()) return UpkeepMark{};
  return UpkeepMark{rows.front().text(0), read_time(rows.front(), 1)};
}

Result<void> put_mark(Database& database, const std::string& name, const UpkeepMark& mark) {
  (void)database.run(
      "INSERT INTO marks (name, cursor, finished_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE"
      " SET cursor = $2, finished_at = $3",
      name, mark.cursor, mark.finished_at);
  return {};
}

}  // namespace tapedeck::postgres

#include <unordered_map>

#include "calls/sql/functions.hpp"
#include "calls/sql/rows.hpp"

#define TAPEDECK_IMPORT_COLUMNS                                                                        \
  "id, business_id, account_sid, since, until, started_at, touched_at, next_page, is_listed, listed, " \
  "stored_before, waiting_before, failed_before, gone, not_completed, not_ours, unreadable"

namespace tapedeck::sql {
namespace {

Import read_import(const Rows& row) {
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

}  // namespace

Result<std::vector<std::optional<KnownRecording>>> known_recordings(Session& session, const AccountSid& account,
                                                                    const std::vector<RecordingSid>& recordings) {
  std::vector<std::string> asked;
  asked.reserve(recordings.size());
  for (const RecordingSid& recording : recordings) asked.push_back(recording.str());
  std::unordered_map<RecordingSid, KnownRecording> found;
  // A recording of this account comes after one without an account, and takes its place.
  Rows rows = session.query(
      "SELECT business_id, sid, state, coalesce(import_id, 0), recording_sid FROM recordings"
      " WHERE recording_sid {among ?1} AND account_sid IN (?2, '') ORDER BY account_sid",
      asked, account);
  while (rows.next()) {
    found.insert_or_assign(read_id<RecordingSid>(rows, 4),
                           KnownRecording{read_id<BusinessId>(rows, 0), read_id<Sid>(rows, 1),
                                          read_name(rows, 2, parse_state), rows.integer(3)});
  }
  std::vector<std::optional<KnownRecording>> known;
  known.reserve(recordings.size());
  for (const RecordingSid& recording : recordings) {
    const auto one = found.find(recording);
    known.push_back(one == found.end() ? std::nullopt : std::optional(one->second));
  }
  return known;
}

Result<Import> open_import(Session& session, const BusinessId& business, const ImportScope& scope, bool anew,
                           SystemTime now) {
  if (!business_exists(session, business)) return no_business(business);
  if (!anew) {
    Rows row = session.query("SELECT " TAPEDECK_IMPORT_COLUMNS
                             " FROM imports WHERE business_id = ?1 AND account_sid = ?2"
                             " AND since IS NOT DISTINCT FROM ?3 AND until IS NOT DISTINCT FROM ?4"
                             " ORDER BY id DESC LIMIT 1",
                             business, scope.account, scope.since, scope.until);
    if (row.next()) return read_import(row);
  }
  Rows added = session.query(
      "INSERT INTO imports (business_id, account_sid, since, until, started_at, touched_at)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?5) RETURNING " TAPEDECK_IMPORT_COLUMNS,
      business, scope.account, scope.since, scope.until, now);
  if (!added.next()) return fail(Errc::kInternal, "the database did not add an import");
  return read_import(added);
}

Result<void> save_import(Session& session, const Import& import) {
  const ImportCounts& counts = import.counts;
  const std::int64_t changed = session.run(
      "UPDATE imports SET touched_at = ?2, next_page = ?3, is_listed = ?4, listed = ?5, stored_before = ?6,"
      " waiting_before = ?7, failed_before = ?8, gone = ?9, not_completed = ?10, not_ours = ?11, unreadable = ?12"
      " WHERE id = ?1",
      import.id, import.touched_at, import.next_page, import.is_listed, counts.listed, counts.stored_before,
      counts.waiting_before, counts.failed_before, counts.gone, counts.not_completed, counts.not_ours,
      counts.unreadable);
  if (changed == 0) return fail(Errc::kNotFound, fmt::format("no import {}", import.id));
  return {};
}

Result<std::vector<ImportTally>> import_tally(Session& session, std::int64_t import) {
  std::vector<ImportTally> tally;
  Rows rows = session.query(
      "SELECT state, coalesce(cause_code, ''), count(*) FROM recordings{index recordings_of_import}"
      " WHERE import_id = ?1 GROUP BY state, cause_code ORDER BY state, cause_code NULLS FIRST",
      import);
  while (rows.next()) tally.push_back({read_name(rows, 0, parse_state), rows.text(1), rows.integer(2)});
  return tally;
}

Result<std::vector<BusinessId>> importing_since(Session& session, SystemTime since) {
  return read_ids<BusinessId>(
      session.query("SELECT DISTINCT business_id FROM imports WHERE touched_at >= ?1 ORDER BY business_id", since));
}

}  // namespace tapedeck::sql

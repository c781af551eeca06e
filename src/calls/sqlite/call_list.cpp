#include "calls/sqlite/call_list.hpp"

#include "calls/search_text.hpp"
#include "calls/sql/call_rows.hpp"

// The list of calls, newest first. SQLite has no LATERAL, and a look-up for each call of a page costs it nothing. One
// statement serves every search: calls_by_time holds all that it looks at.

namespace tapedeck::sqlite {
namespace {

// The call's first recording, or if that is deleted the first of the others that is not.
std::optional<Recording> shown_recording(Database& database, const Call& call) {
  auto first = sql::read_first_recording(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                                        " FROM recordings WHERE business_id = ?1 AND sid = ?2",
                                                        call.business, call.sid));
  if (!first || first->state != RecordingState::kDeleted) return first;
  auto further = sql::read_first_recording(
      database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                     " FROM recordings WHERE business_id = ?1 AND call_sid = ?2 AND sid <> call_sid"
                     " AND state <> 'deleted' ORDER BY id LIMIT 1",
                     call.business, call.sid));
  return further ? further : first;
}

}  // namespace

Result<CallPage> list_calls(Database& database, const BusinessId& business, const CallQuery& query) {
  const auto bounds = sql::CallPageBounds::of(business, query);
  const SearchNeedles needles = search_needles(query.search);
  std::optional<std::string_view> direction;
  if (query.direction) direction = direction_name(*query.direction);
  std::vector<Call> calls;
  {
    Rows rows =
        database.query("SELECT " TAPEDECK_CALL_COLUMNS
                       " FROM calls"
                       " WHERE business_id = ?1 AND (started_at, id) < (?2, ?3) AND started_at >= ?4"
                       " AND (?5 IS NULL OR direction = ?5)"
                       " AND (?6 = '' OR instr(search_text, ?6) > 0 OR (?7 <> '' AND instr(search_text, ?7) > 0))"
                       " ORDER BY started_at DESC, id DESC LIMIT ?8",
                       bounds.business, bounds.before.started_at, bounds.before.row_id, bounds.since, direction,
                       needles.text, needles.digits, bounds.rows);
    while (rows.next()) calls.push_back(sql::read_call(rows));
  }
  CallPage page = sql::page_of(std::move(calls), bounds);
  for (Call& call : page.calls) call.recording = shown_recording(database, call);
  return page;
}

}  // namespace tapedeck::sqlite

#include "calls/sqlite/calls.hpp"

#include <algorithm>
#include <limits>

#include "calls/search_text.hpp"
#include "calls/sqlite/call_rows.hpp"
#include "calls/sqlite/recordings.hpp"
#include "calls/sqlite/rows.hpp"

#define TAPEDECK_CALL_COLUMNS "id, business_id, call_sid, from_party, to_party, direction, started_at, duration_seconds"

namespace tapedeck::sqlite {
namespace {

void merge_call(Database& database, const BusinessId& business, const CallUpdate& update) {
  Statement parties = database.query("SELECT from_party, to_party FROM calls WHERE business_id = ?1 AND call_sid = ?2",
                                     business, update.call);
  if (!parties.step()) return;
  const std::string from = update.from.value_or(parties.text(0));
  const std::string to = update.to.value_or(parties.text(1));
  std::optional<std::string_view> direction;
  if (update.direction) direction = direction_name(*update.direction);
  database.run(
      "UPDATE calls SET from_party = ?3, to_party = ?4, search_text = ?5, direction = coalesce(?6, direction),"
      " started_at = coalesce(?7, started_at), duration_seconds = coalesce(?8, duration_seconds)"
      " WHERE business_id = ?1 AND call_sid = ?2",
      business, update.call, from, to, search_text(from, to), direction, update.started_at, update.duration_seconds);
}

void merge_recording(Database& database, const BusinessId& business, const CallSid& call, const RecordingUpdate& update,
                     std::optional<Recording> known) {
  if (!known) known = add_recording(database, business, call, update.recording, update.account);
  learn_account(database, *known, update.account);
  if (update.duration_seconds) {
    database.run("UPDATE recordings SET duration_seconds = ?2 WHERE id = ?1 AND state <> 'deleted'", known->row_id,
                 *update.duration_seconds);
  }
}

Call read_call(const Statement& row) {
  Call call;
  call.row_id = row.integer(0);
  call.business = read_id<BusinessId>(row, 1);
  call.sid = read_id<CallSid>(row, 2);
  call.from = row.text(3);
  call.to = row.text(4);
  if (!row.is_null(5)) call.direction = read_name(row, 5, parse_direction);
  call.started_at = row.time(6);
  call.duration_seconds = read_int(row, 7);
  return call;
}

std::optional<Recording> shown_recording(Database& database, const Call& call) {
  auto first = find_recording(database, call.business, to_sid(call.sid));
  if (!first || first->state != RecordingState::kDeleted) return first;
  auto further =
      read_one_recording(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                        " FROM recordings WHERE business_id = ?1 AND call_sid = ?2 AND sid <> call_sid"
                                        " AND state <> 'deleted' ORDER BY id LIMIT 1",
                                        call.business, call.sid));
  return further ? further : first;
}

// The first place that is not listed any more: the cursor, or what `until` excludes.
CallCursor upper_bound(const CallQuery& query) {
  CallCursor bound{SystemTime::max(), std::numeric_limits<std::int64_t>::max()};
  if (query.cursor) bound = *query.cursor;
  if (query.until && *query.until <= bound.started_at) bound = CallCursor{*query.until, 0};
  return bound;
}

}  // namespace

Result<PutOutcome> put_call(Database& database, const BusinessId& business, const CallUpdate& update, SystemTime now) {
  if (!business_exists(database, business)) return no_business(business);
  std::optional<Recording> known;
  if (update.recording) {
    auto found = find_known(database, business, update.call, update.recording->recording, update.recording->account);
    if (!found) return fail(found.error());
    known = std::move(*found);
  }
  const bool is_new = add_call(database, business, update.call, update.started_at.value_or(now));
  merge_call(database, business, update);
  if (update.recording) merge_recording(database, business, update.call, *update.recording, std::move(known));
  return is_new ? PutOutcome::kCreated : PutOutcome::kChanged;
}

Result<std::optional<Call>> find_call(Database& database, const BusinessId& business, const CallSid& call) {
  Statement row = database.query("SELECT " TAPEDECK_CALL_COLUMNS " FROM calls WHERE business_id = ?1 AND call_sid = ?2",
                                 business, call);
  if (!row.step()) return std::nullopt;
  return read_call(row);
}

Result<CallPage> list_calls(Database& database, const BusinessId& business, const CallQuery& query) {
  const int limit = std::clamp(query.limit, 1, kCallPageMax);
  const CallCursor before = upper_bound(query);
  const SearchNeedles needles = search_needles(query.search);
  std::optional<std::string_view> direction;
  if (query.direction) direction = direction_name(*query.direction);

  CallPage page;
  // One row more than the page holds tells whether there is a next one.
  Statement rows =
      database.query("SELECT " TAPEDECK_CALL_COLUMNS
                     " FROM calls"
                     " WHERE business_id = ?1 AND (started_at, id) < (?2, ?3) AND started_at >= ?4"
                     " AND (?5 IS NULL OR direction = ?5)"
                     " AND (?6 = '' OR instr(search_text, ?6) > 0 OR (?7 <> '' AND instr(search_text, ?7) > 0))"
                     " ORDER BY started_at DESC, id DESC LIMIT ?8",
                     business, before.started_at, before.row_id, query.since.value_or(SystemTime::min()), direction,
                     needles.text, needles.digits, limit + 1);
  while (rows.step()) {
    if (std::ssize(page.calls) == limit) {
      page.next = CallCursor{*page.calls.back().started_at, page.calls.back().row_id};
      break;
    }
    page.calls.push_back(read_call(rows));
  }
  for (Call& call : page.calls) call.recording = shown_recording(database, call);
  return page;
}

}  // namespace tapedeck::sqlite

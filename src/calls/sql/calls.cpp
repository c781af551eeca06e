#include "calls/search_text.hpp"
#include "calls/sql/call_rows.hpp"
#include "calls/sql/functions.hpp"

namespace tapedeck::sql {
namespace {

void merge_call(Session& session, const LockedCall& known, const CallUpdate& update) {
  const std::string from = update.from.value_or(known.from);
  const std::string to = update.to.value_or(known.to);
  std::optional<std::string_view> direction;
  if (update.direction) direction = direction_name(*update.direction);
  session.run(
      "UPDATE calls SET from_party = ?2, to_party = ?3, search_text = ?4, direction = coalesce(?5, direction),"
      " started_at = coalesce(?6, started_at), duration_seconds = coalesce(?7, duration_seconds) WHERE id = ?1",
      known.row_id, from, to, search_text(from, to), direction, update.started_at, update.duration_seconds);
}

void merge_recording(Session& session, const BusinessId& business, const CallSid& call, const RecordingUpdate& update,
                     std::optional<Recording> known) {
  if (!known) known = add_recording(session, business, call, update.recording, update.account);
  learn_account(session, *known, update.account);
  if (update.duration_seconds) {
    session.run("UPDATE recordings SET duration_seconds = ?2 WHERE id = ?1 AND state <> 'deleted'", known->row_id,
                *update.duration_seconds);
  }
}

}  // namespace

Result<PutOutcome> put_call(Session& session, const BusinessId& business, const CallUpdate& update, SystemTime now) {
  if (!business_exists(session, business)) return no_business(business);
  std::optional<Recording> known;
  if (update.recording) {
    auto found = lock_known(session, business, update.call, update.recording->recording, update.recording->account);
    if (!found) return fail(found.error());
    known = std::move(*found);
  }
  const auto call = lock_call(session, business, update.call);
  if (call) {
    merge_call(session, *call, update);
  } else {
    add_call(session, business, update, update.started_at.value_or(now));
  }
  if (update.recording) merge_recording(session, business, update.call, *update.recording, std::move(known));
  return call ? PutOutcome::kChanged : PutOutcome::kCreated;
}

Result<std::optional<Call>> find_call(Session& session, const BusinessId& business, const CallSid& call) {
  Rows row = session.query("SELECT " TAPEDECK_CALL_COLUMNS " FROM calls WHERE business_id = ?1 AND call_sid = ?2",
                           business, call);
  if (!row.next()) return std::nullopt;
  return read_call(row);
}

}  // namespace tapedeck::sql

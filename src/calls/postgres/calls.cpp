#include "calls/postgres/calls.hpp"

#include "calls/postgres/call_rows.hpp"
#include "calls/postgres/rows.hpp"
#include "calls/search_text.hpp"

namespace tapedeck::postgres {
namespace {

void merge_call(Database& database, const LockedCall& known, const CallUpdate& update) {
  const std::string from = update.from.value_or(known.from);
  const std::string to = update.to.value_or(known.to);
  std::optional<std::string_view> direction;
  if (update.direction) direction = direction_name(*update.direction);
  (void)database.run(
      "UPDATE calls SET from_party = $2, to_party = $3, search_text = $4, direction = coalesce($5, direction),"
      " started_at = coalesce($6, started_at), duration_seconds = coalesce($7, duration_seconds) WHERE id = $1",
      known.row_id, from, to, search_text(from, to), direction, update.started_at, update.duration_seconds);
}

void merge_recording(Database& database, const BusinessId& business, const CallSid& call, const RecordingUpdate& update,
                     std::optional<Recording> known) {
  if (!known) known = add_recording(database, business, call, update.recording, update.account);
  learn_account(database, *known, update.account);
  if (update.duration_seconds) {
    (void)database.run("UPDATE recordings SET duration_seconds = $2 WHERE id = $1 AND state <> 'deleted'",
                       known->row_id, *update.duration_seconds);
  }
}

}  // namespace

Result<PutOutcome> put_call(Database& database, const BusinessId& business, const CallUpdate& update, SystemTime now) {
  if (!business_exists(database, business)) return no_business(business);
  std::optional<Recording> known;
  if (update.recording) {
    auto found = lock_known(database, business, update.call, update.recording->recording, update.recording->account);
    if (!found) return fail(found.error());
    known = std::move(*found);
  }
  const auto call = lock_call(database, business, update.call);
  if (call) {
    merge_call(database, *call, update);
  } else {
    add_call(database, business, update, update.started_at.value_or(now));
  }
  if (update.recording) merge_recording(database, business, update.call, *update.recording, std::move(known));
  return call ? PutOutcome::kChanged : PutOutcome::kCreated;
}

}  // namespace tapedeck::postgres

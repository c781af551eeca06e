#include "calls/sql/call_rows.hpp"

#include <algorithm>
#include <limits>

#include "calls/search_text.hpp"
#include "calls/sql/recording_rows.hpp"

namespace tapedeck::sql {
namespace {

// A recording's identity is its provider, its account and its own SID; businesses that share an account share it. If
// another transaction adds it for this business after the search, the insert fails and the change runs again.
bool is_anothers(Session& session, const BusinessId& business, const RecordingSid& recording,
                 const AccountSid& account) {
  return session
      .query("SELECT 1 FROM recordings WHERE recording_sid = ?1 AND account_sid = ?2 AND business_id <> ?3", recording,
             account, business)
      .next();
}

std::unexpected<Error> known_as(std::string_view owner) {
  return fail(Errc::kConflict, fmt::format("the recording is known as another {}'s", owner));
}

}  // namespace

Call read_call(const Rows& row) {
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

CallPageBounds CallPageBounds::of(const BusinessId& business, const CallQuery& query) {
  CallCursor before{SystemTime::max(), std::numeric_limits<std::int64_t>::max()};
  if (query.cursor) before = *query.cursor;
  if (query.until && *query.until <= before.started_at) before = CallCursor{*query.until, 0};
  return {business, before, query.since.value_or(SystemTime::min()), std::clamp(query.limit, 1, kCallPageMax) + 1};
}

CallPage page_of(std::vector<Call> calls, const CallPageBounds& bounds) {
  CallPage page{std::move(calls), std::nullopt};
  if (std::ssize(page.calls) < bounds.rows) return page;
  page.calls.pop_back();
  page.next = CallCursor{*page.calls.back().started_at, page.calls.back().row_id};
  return page;
}

std::optional<LockedCall> lock_call(Session& session, const BusinessId& business, const CallSid& call) {
  Rows row = session.query("SELECT id, from_party, to_party FROM calls WHERE business_id = ?1 AND call_sid = ?2{lock}",
                           business, call);
  if (!row.next()) return std::nullopt;
  return LockedCall{row.integer(0), row.text(1), row.text(2)};
}

void add_call(Session& session, const BusinessId& business, const CallUpdate& told, SystemTime started_at) {
  const std::string from = told.from.value_or("");
  const std::string to = told.to.value_or("");
  std::optional<std::string_view> direction;
  if (told.direction) direction = direction_name(*told.direction);
  session.run(
      "INSERT INTO calls (business_id, call_sid, from_party, to_party, direction, started_at, duration_seconds,"
      " search_text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      business, told.call, from, to, direction, started_at, told.duration_seconds, search_text(from, to));
}

Result<std::optional<Recording>> lock_known(Session& session, const BusinessId& business, const CallSid& call,
                                            const RecordingSid& recording, const AccountSid& account) {
  auto known = lock_recording(session, business, to_sid(recording));
  if (known && known->call != call) return known_as("call");
  const bool is_account_known = known && (account.empty() || known->account == account);
  if (is_account_known) return known;
  if (known && !known->account.empty()) return known_as("account");
  if (is_anothers(session, business, recording, account)) return known_as("business");
  return known;
}

Recording add_recording(Session& session, const BusinessId& business, const CallSid& call,
                        const RecordingSid& recording, const AccountSid& account) {
  // A call's first recording goes by the call's SID, also once it is deleted.
  const bool is_first =
      !session.query("SELECT 1 FROM recordings WHERE business_id = ?1 AND sid = ?2", business, call).next();
  Recording added;
  added.business = business;
  added.call = call;
  added.recording = recording;
  added.account = account;
  added.sid = is_first ? to_sid(call) : to_sid(recording);
  // The table's defaults are those of Recording.
  const auto row_id = session.insert(
      "INSERT INTO recordings (business_id, call_sid, recording_sid, account_sid, sid) VALUES (?1, ?2, ?3, ?4, ?5)"
      "{returning_id}",
      business, call, recording, account, added.sid);
  added.row_id = row_id.value();
  return added;
}

void learn_account(Session& session, Recording& known, const AccountSid& account) {
  if (account.empty() || known.account == account) return;
  session.run("UPDATE recordings SET account_sid = ?2 WHERE id = ?1", known.row_id, account);
  known.account = account;
}

}  // namespace tapedeck::sql

#include "calls/postgres/call_rows.hpp"

#include "calls/postgres/rows.hpp"
#include "calls/search_text.hpp"

namespace tapedeck::postgres {
namespace {

constexpr std::string_view kProvider = "twilio";

// A recording is the provider's, the account's and its own SID; businesses that share an account share the names. Of
// this business's own one may have come since it was looked for: then adding it fails, and all is tried again.
bool is_anothers(Database& database, const BusinessId& business, const RecordingSid& recording,
                 const AccountSid& account) {
  return !database
              .query(
                  "SELECT 1 FROM recordings WHERE recording_sid = $1 AND account_sid = $2 AND provider = $3"
                  " AND business_id <> $4",
                  recording, account, kProvider, business)
              .empty();
}

std::unexpected<Error> known_as(std::string_view owner) {
  return fail(Errc::kConflict, fmt::format("the recording is known as another {}'s", owner));
}

}  // namespace

std::optional<LockedCall> lock_call(Database& database, const BusinessId& business, const CallSid& call) {
  const ResultRows rows = database.query(
      "SELECT id, from_party, to_party FROM calls WHERE business_id = $1 AND call_sid = $2 FOR NO KEY UPDATE", business,
      call);
  if (rows.empty()) return std::nullopt;
  return LockedCall{rows.front().integer(0), rows.front().text(1), rows.front().text(2)};
}

void add_call(Database& database, const BusinessId& business, const CallUpdate& told, SystemTime started_at) {
  const std::string from = told.from.value_or("");
  const std::string to = told.to.value_or("");
  std::optional<std::string_view> direction;
  if (told.direction) direction = direction_name(*told.direction);
  (void)database.run(
      "INSERT INTO calls (business_id, call_sid, from_party, to_party, direction, started_at, duration_seconds,"
      " search_text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      business, told.call, from, to, direction, started_at, told.duration_seconds, search_text(from, to));
}

Result<std::optional<Recording>> lock_known(Database& database, const BusinessId& business, const CallSid& call,
                                            const RecordingSid& recording, const AccountSid& account) {
  auto known = read_one_recording(
      database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                     " FROM recordings WHERE business_id = $1 AND recording_sid = $2 FOR NO KEY UPDATE",
                     business, recording));
  if (known && known->call != call) return known_as("call");
  const bool is_account_known = known && (account.empty() || known->account == account);
  if (is_account_known) return known;
  if (known && !known->account.empty()) return known_as("account");
  if (is_anothers(database, business, recording, account)) return known_as("business");
  return known;
}

Recording add_recording(Database& database, const BusinessId& business, const CallSid& call,
                        const RecordingSid& recording, const AccountSid& account) {
  // SIDs of a call's recordings: the first goes by the call's, also once it is deleted.
  const bool is_first =
      database.query("SELECT 1 FROM recordings WHERE business_id = $1 AND sid = $2", business, call).empty();
  const Sid sid = is_first ? to_sid(call) : to_sid(recording);
  const ResultRows added = database.query(
      "INSERT INTO recordings (business_id, call_sid, recording_sid, provider, account_sid, sid)"
      " VALUES ($1, $2, $3, $4, $5, $6) RETURNING " TAPEDECK_RECORDING_COLUMNS,
      business, call, recording, kProvider, account, sid);
  return read_recording(added.front());
}

void learn_account(Database& database, Recording& known, const AccountSid& account) {
  if (account.empty() || known.account == account) return;
  (void)database.run("UPDATE recordings SET account_sid = $2 WHERE id = $1", known.row_id, account);
  known.account = account;
}

}  // namespace tapedeck::postgres

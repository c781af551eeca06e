#include "calls/sqlite/call_rows.hpp"

#include "calls/search_text.hpp"
#include "calls/sqlite/rows.hpp"

namespace tapedeck::sqlite {
namespace {

constexpr std::string_view kProvider = "twilio";

// A recording is the provider's, the account's and its own SID; businesses that share an account share the names.
bool is_anothers(Database& database, const RecordingSid& recording, const AccountSid& account) {
  return database
      .query("SELECT 1 FROM recordings WHERE recording_sid = ?1 AND account_sid = ?2 AND provider = ?3", recording,
             account, kProvider)
      .step();
}

std::unexpected<Error> known_as(std::string_view owner) {
  return fail(Errc::kConflict, fmt::format("the recording is known as another {}'s", owner));
}

}  // namespace

bool add_call(Database& database, const BusinessId& business, const CallSid& call, SystemTime started_at) {
  database.run(
      "INSERT INTO calls (business_id, call_sid, from_party, to_party, started_at, search_text)"
      " VALUES (?1, ?2, '', '', ?3, ?4) ON CONFLICT (business_id, call_sid) DO NOTHING",
      business, call, started_at, search_text("", ""));
  return database.changes() > 0;
}

Result<std::optional<Recording>> find_known(Database& database, const BusinessId& business, const CallSid& call,
                                            const RecordingSid& recording, const AccountSid& account) {
  // The plus keeps SQLite from walking through all of the business instead of finding the recording.
  auto known = read_one_recording(database.query("SELECT " TAPEDECK_RECORDING_COLUMNS
                                                 " FROM recordings WHERE +business_id = ?1 AND recording_sid = ?2",
                                                 business, recording));
  if (known && known->call != call) return known_as("call");
  const bool is_account_known = known && (account.empty() || known->account == account);
  if (is_account_known) return known;
  if (known && !known->account.empty()) return known_as("account");
  if (is_anothers(database, recording, account)) return known_as("business");
  return known;
}

Recording add_recording(Database& database, const BusinessId& business, const CallSid& call,
                        const RecordingSid& recording, const AccountSid& account) {
  // SIDs of a call's recordings: the first goes by the call's, also once it is deleted.
  const bool is_first =
      !database.query("SELECT 1 FROM recordings WHERE business_id = ?1 AND sid = ?2", business, call).step();
  const Sid sid = is_first ? to_sid(call) : to_sid(recording);
  database.run(
      "INSERT INTO recordings (business_id, call_sid, recording_sid, provider, account_sid, sid)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      business, call, recording, kProvider, account, sid);
  auto added = read_recording_by_id(database, database.last_row_id());
  return std::move(added).value();
}

void learn_account(Database& database, Recording& known, const AccountSid& account) {
  if (account.empty() || known.account == account) return;
  database.run("UPDATE recordings SET account_sid = ?2 WHERE id = ?1", known.row_id, account);
  known.account = account;
}

}  // namespace tapedeck::sqlite

#pragma once

#include <optional>
#include <string>

#include "calls/ports/call_list_store.hpp"
#include "calls/sql/rows.hpp"

#define TAPEDECK_CALL_COLUMNS "id, business_id, call_sid, from_party, to_party, direction, started_at, duration_seconds"

namespace tapedeck::sql {

/// How many those are.
inline constexpr int kCallColumns = 8;

/// The call of a row, whose first columns are TAPEDECK_CALL_COLUMNS, without its recording.
[[nodiscard]] Call read_call(const Rows& row);

/// What a page of calls is bound to.
struct CallPageBounds {
  BusinessId business;
  CallCursor before;  ///< exclusive
  SystemTime since;   ///< inclusive
  int rows = 0;       ///< one more than the page holds, which tells whether there is a next page
  [[nodiscard]] static CallPageBounds of(const BusinessId& business, const CallQuery& query);
};
/// The page of these calls, at most `bounds.rows`, newest first.
[[nodiscard]] CallPage page_of(std::vector<Call> calls, const CallPageBounds& bounds);

/// A known call, so that nobody else changes it before the transaction ends.
struct LockedCall {
  std::int64_t row_id = 0;
  std::string from;
  std::string to;
};
[[nodiscard]] std::optional<LockedCall> lock_call(Session& session, const BusinessId& business, const CallSid& call);
/// Adds a call that lock_call() has not found, with what is told of it. Throws StorageFailure (Remedy::kAgain) if
/// another transaction does so at the same time.
void add_call(Session& session, const BusinessId& business, const CallUpdate& told, SystemTime started_at);

/// The recording, if it is known, so that nobody else changes it before the transaction ends. `account` empty: told
/// without one. Error kConflict: it belongs to another call, account or business. Changes nothing.
[[nodiscard]] Result<std::optional<Recording>> lock_known(Session& session, const BusinessId& business,
                                                          const CallSid& call, const RecordingSid& recording,
                                                          const AccountSid& account);
/// Adds a recording, of a known call, that lock_known() has not found. Throws StorageFailure (Remedy::kAgain) if
/// another transaction does so at the same time.
[[nodiscard]] Recording add_recording(Session& session, const BusinessId& business, const CallSid& call,
                                      const RecordingSid& recording, const AccountSid& account);
/// Remembers the account of a recording that was told of without one.
void learn_account(Session& session, Recording& known, const AccountSid& account);

}  // namespace tapedeck::sql

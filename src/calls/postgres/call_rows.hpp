#pragma once

#include <optional>

#include "calls/ports/call_store.hpp"
#include "calls/postgres/database.hpp"

namespace tapedeck::postgres {

/// A call that is known, so that nobody else changes it before the transaction ends.
struct LockedCall {
  std::int64_t row_id = 0;
  std::string from;
  std::string to;
};

[[nodiscard]] std::optional<LockedCall> lock_call(Database& database, const BusinessId& business, const CallSid& call);
/// Makes known a call that lock_call() has not found, with what is told of it. Throws StorageFailure (Remedy::kAgain)
/// when somebody else did so at the same time.
void add_call(Database& database, const BusinessId& business, const CallUpdate& told, SystemTime started_at);

/// The recording, where it is known, so that nobody else changes it before the transaction ends. `account` may be
/// empty: told without one. Error kConflict when it is known as another call's, account's or business's. Changes
/// nothing.
[[nodiscard]] Result<std::optional<Recording>> lock_known(Database& database, const BusinessId& business,
                                                          const CallSid& call, const RecordingSid& recording,
                                                          const AccountSid& account);
/// Makes known a recording, of a known call, that lock_known() has not found. Throws StorageFailure (Remedy::kAgain)
/// when somebody else did so at the same time.
[[nodiscard]] Recording add_recording(Database& database, const BusinessId& business, const CallSid& call,
                                      const RecordingSid& recording, const AccountSid& account);
/// Remembers the account of a recording that was told of without one.
void learn_account(Database& database, Recording& known, const AccountSid& account);

}  // namespace tapedeck::postgres

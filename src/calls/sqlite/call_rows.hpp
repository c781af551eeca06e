#pragma once

#include <optional>

#include "calls/sqlite/database.hpp"
#include "domain/recording.hpp"

namespace tapedeck::sqlite {

/// Makes the call known; true when it was not.
[[nodiscard]] bool add_call(Database& database, const BusinessId& business, const CallSid& call, SystemTime started_at);

/// The recording, where it is known. `account` may be empty: told without one. Error kConflict when it is known as
/// another call's, account's or business's. Changes nothing.
[[nodiscard]] Result<std::optional<Recording>> find_known(Database& database, const BusinessId& business,
                                                          const CallSid& call, const RecordingSid& recording,
                                                          const AccountSid& account);
/// Makes known a recording, of a known call, that find_known() has not found.
[[nodiscard]] Recording add_recording(Database& database, const BusinessId& business, const CallSid& call,
                                      const RecordingSid& recording, const AccountSid& account);
/// Remembers the account of a recording that was told of without one.
void learn_account(Database& database, Recording& known, const AccountSid& account);

}  // namespace tapedeck::sqlite

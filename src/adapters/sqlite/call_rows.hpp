#pragma once

#include "adapters/sqlite/database.hpp"
#include "core/recording.hpp"

namespace tapedeck::sqlite {

/// Makes the call known; true when it was not.
[[nodiscard]] bool add_call(Database& database, const BusinessId& business, const CallSid& call, SystemTime started_at);

struct KnownRecording {
  Recording recording;
  bool is_new = false;
};

/// Finds the recording of a known call, or makes it known. `account` may be empty: told without one. Error kConflict
/// when it is known already as another call's, account's or business's.
[[nodiscard]] Result<KnownRecording> find_or_add_recording(Database& database, const BusinessId& business,
                                                           const CallSid& call, const RecordingSid& recording,
                                                           const AccountSid& account);

}  // namespace tapedeck::sqlite

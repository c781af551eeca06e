#pragma once

#include "calls/ports/call_store.hpp"
#include "calls/postgres/database.hpp"

// CallStore's functions about calls, and about what a call or a webhook makes known of recordings. On one connection
// and within the caller's transaction. They throw StorageFailure.
namespace tapedeck::postgres {

[[nodiscard]] Result<PutOutcome> put_call(Database& database, const BusinessId& business, const CallUpdate& update,
                                          SystemTime now);
[[nodiscard]] Result<std::optional<Call>> find_call(Database& database, const BusinessId& business,
                                                    const CallSid& call);
[[nodiscard]] Result<CallPage> list_calls(Database& database, const BusinessId& business, const CallQuery& query);
[[nodiscard]] Result<RecordingChange> announce(Database& database, const BusinessId& business,
                                               const RecordingAnnouncement& announcement, SystemTime now);

}  // namespace tapedeck::postgres

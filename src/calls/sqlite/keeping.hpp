#pragma once

#include <optional>
#include <string>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "calls/sqlite/database.hpp"

// CallStore's functions about what is kept and what is forgotten, on one connection and within the caller's
// transaction. They throw StorageFailure.
namespace tapedeck::sqlite {

[[nodiscard]] Result<RecordingChange> set_hold(Database& database, const BusinessId& business, const Sid& sid,
                                               const std::optional<Hold>& hold);
[[nodiscard]] Result<bool> reschedule_deletions(Database& database, int limit);
[[nodiscard]] Result<std::vector<Recording>> expire(Database& database, SystemTime now, int limit);
[[nodiscard]] Result<ErasedCall> erase_call(Database& database, const BusinessId& business, const CallSid& call,
                                            const EraseOrder& order);
[[nodiscard]] Result<std::vector<Recording>> recordings_of(Database& database, const BusinessId& business,
                                                           const std::string& after_sid, int limit);
[[nodiscard]] Result<bool> note_damage(Database& database, std::int64_t row_id, const std::string& blob_key,
                                       const std::optional<std::string>& damage);
[[nodiscard]] Result<RecordingChange> refetch(Database& database, const BusinessId& business, const Sid& sid, Lane lane,
                                              SystemTime now);
[[nodiscard]] Result<std::vector<Recording>> due_source_deletions(Database& database, SystemTime now, int limit);
[[nodiscard]] Result<void> settle_source(Database& database, std::int64_t row_id, const SourceOutcome& outcome);
[[nodiscard]] Result<AuditPage> list_audit(Database& database, const AuditQuery& query);

}  // namespace tapedeck::sqlite

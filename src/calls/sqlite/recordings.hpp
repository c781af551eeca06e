#pragma once

#include <optional>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "calls/sqlite/database.hpp"

/// The next place in the order of asking: behind all that wait.
#define TAPEDECK_NEXT_WANTED_ORDER \
  "(SELECT coalesce(max(wanted_order), 0) + 1 FROM recordings WHERE state IN ('queued', 'processing'))"

/// When the retention of the business of a row of recordings ends for it, if it has one: so many days after it was
/// made, or stored where that is not known. STORED_AT: an expression.
#define TAPEDECK_DELETE_AT(STORED_AT)                            \
  "(SELECT min(coalesce(recorded_at, " STORED_AT "), " STORED_AT \
  ") + retention_days * 86400000 FROM businesses"                \
  " WHERE businesses.id = recordings.business_id AND retention_days > 0)"

/// Makes the recording with the row id ?1 deleted, and forgets its content but its blob's name.
#define TAPEDECK_REMOVE_RECORDING                                                                                     \
  "UPDATE recordings SET state = 'deleted', fence = fence + 1, retry_at = NULL, cause_code = NULL,"                   \
  " cause_detail = NULL, size_bytes = NULL, content_type = NULL, sha256 = NULL, stored_at = NULL,"                    \
  " measured_ms = NULL, measure_cause_code = NULL, delete_at = NULL, damage = NULL, source_due_at = NULL WHERE id = " \
  "?1 AND state <> 'deleted' AND hold_reason"                                                                         \
  " IS NULL"

// CallStore's functions about what people ask of recordings, on one connection and within the caller's transaction.
// Each change is one UPDATE that names the states it may leave. They throw StorageFailure.
namespace tapedeck::sqlite {

[[nodiscard]] std::optional<Recording> find_recording(Database& database, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<RecordingChange> want(Database& database, const BusinessId& business, const Sid& sid, Lane lane,
                                           SystemTime now);
[[nodiscard]] Result<RecordingChange> retry(Database& database, const BusinessId& business, const Sid& sid,
                                            SystemTime now);
[[nodiscard]] Result<RecordingChange> cancel(Database& database, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<RecordingChange> remove(Database& database, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<void> forget_blob(Database& database, std::int64_t row_id);
[[nodiscard]] Result<std::vector<Recording>> deleted_with_blob(Database& database, int limit);

}  // namespace tapedeck::sqlite

#pragma once

#include <optional>
#include <vector>

#include "adapters/postgres/database.hpp"
#include "ports/call_store.hpp"

// CallStore's functions about what people ask of recordings, on one connection and within the caller's transaction.
// Each change locks its row first, so that what it decides by and what it answers are the row as it is. They throw
// StorageFailure.
namespace tapedeck::postgres {

[[nodiscard]] std::optional<Recording> find_recording(Database& database, const BusinessId& business, const Sid& sid);
/// The same, and nobody else changes the row before the transaction ends.
[[nodiscard]] std::optional<Recording> lock_recording(Database& database, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<RecordingChange> want(Database& database, const BusinessId& business, const Sid& sid, Lane lane,
                                           SystemTime now);
[[nodiscard]] Result<RecordingChange> retry(Database& database, const BusinessId& business, const Sid& sid,
                                            SystemTime now);
[[nodiscard]] Result<RecordingChange> cancel(Database& database, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<RecordingChange> remove(Database& database, const BusinessId& business, const Sid& sid);
[[nodiscard]] Result<void> forget_blob(Database& database, std::int64_t row_id);
[[nodiscard]] Result<std::vector<Recording>> deleted_with_blob(Database& database, int limit);

}  // namespace tapedeck::postgres

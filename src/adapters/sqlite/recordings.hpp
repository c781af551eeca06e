#pragma once

#include <optional>
#include <vector>

#include "adapters/sqlite/database.hpp"
#include "ports/call_store.hpp"

/// The next place in the order of asking: behind all that wait.
#define TAPEDECK_NEXT_WANTED_ORDER \
  "(SELECT coalesce(max(wanted_order), 0) + 1 FROM recordings WHERE state IN ('queued', 'processing'))"

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

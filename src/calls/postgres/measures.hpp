#pragma once

#include <string>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "calls/postgres/database.hpp"

// CallStore's functions about measures, on one connection and within the caller's transaction. They throw
// StorageFailure.
namespace tapedeck::postgres {

[[nodiscard]] Result<std::vector<MeasureClaim>> claim_unmeasured(Database& database, SystemTime now, SystemTime until,
                                                                 int limit);
[[nodiscard]] Result<void> release_measures(Database& database);
[[nodiscard]] Result<void> record_measure(Database& database, std::int64_t row_id, const std::string& blob_key,
                                          const AudioMeasure& measure);
[[nodiscard]] Result<void> fail_measure(Database& database, std::int64_t row_id, const std::string& blob_key,
                                        const MeasureFailure& failure);
[[nodiscard]] Result<void> measure_again(Database& database, std::int64_t row_id, const std::string& blob_key);

}  // namespace tapedeck::postgres

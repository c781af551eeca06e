#include "calls/postgres/measures.hpp"

#include <algorithm>

#include "calls/postgres/rows.hpp"

#define TAPEDECK_UNMEASURED "state = 'stored' AND measured_ms IS NULL AND measure_cause_code IS NULL"

namespace tapedeck::postgres {
namespace {

// The result of an UPDATE that was guarded by a blob.
Result<void> guarded(std::int64_t changed) {
  if (changed > 0) return {};
  return fail(Errc::kStaleFence, "the recording is not stored any more, or has other audio since");
}

}  // namespace

// Run twice, after an answer that was lost, it takes others too: those of the first time wait until `until`.
Result<std::vector<MeasureClaim>> claim_unmeasured(Database& database, SystemTime now, SystemTime until, int limit) {
  const ResultRows rows = database.query(
      "UPDATE recordings SET measure_at = $2, measure_tries = measure_tries + 1 WHERE id IN ("
      "SELECT id FROM recordings WHERE " TAPEDECK_UNMEASURED
      " AND coalesce(measure_at, stored_at) <= $1 ORDER BY coalesce(measure_at, stored_at) DESC LIMIT $3"
      " FOR NO KEY UPDATE SKIP LOCKED) RETURNING " TAPEDECK_RECORDING_COLUMNS ", measure_tries",
      now, until, limit);
  std::vector<MeasureClaim> claims;
  for (const Row row : rows) claims.push_back({read_recording(row), static_cast<int>(row.integer(kRecordingColumns))});
  std::ranges::sort(claims, std::ranges::greater{},
                    [](const MeasureClaim& claim) { return claim.recording.audio->stored_at; });
  return claims;
}

Result<void> release_measures(Database& database) {
  (void)database.run("UPDATE recordings SET measure_at = NULL WHERE measure_at IS NOT NULL AND " TAPEDECK_UNMEASURED);
  return {};
}

Result<void> record_measure(Database& database, std::int64_t row_id, const std::string& blob_key,
                            const AudioMeasure& measure) {
  return guarded(database.run(
      "UPDATE recordings SET measured_ms = $3, measured_channels = $4, measured_rate = $5, measured_codec = $6,"
      " measure_at = NULL, measure_cause_code = NULL WHERE id = $1 AND blob_key = $2 AND state = 'stored'",
      row_id, blob_key, std::int64_t{measure.duration.count()}, measure.channels, measure.sample_rate, measure.codec));
}

// Run twice, a try that does not count would be taken back twice: one more try for a recording that had one too few.
Result<void> fail_measure(Database& database, std::int64_t row_id, const std::string& blob_key,
                          const MeasureFailure& failure) {
  if (failure.again_at) {
    return guarded(
        database.run("UPDATE recordings SET measure_at = $3, measure_tries = greatest(measure_tries - $4, 0)"
                     " WHERE id = $1 AND blob_key = $2 AND " TAPEDECK_UNMEASURED,
                     row_id, blob_key, *failure.again_at, failure.try_counts ? 0 : 1));
  }
  return guarded(
      database.run("UPDATE recordings SET measure_cause_code = $3, measure_cause_detail = $4"
                   " WHERE id = $1 AND blob_key = $2 AND " TAPEDECK_UNMEASURED,
                   row_id, blob_key, failure.cause.code, failure.cause.detail));
}

Result<void> measure_again(Database& database, std::int64_t row_id, const std::string& blob_key) {
  return guarded(database.run(
      "UPDATE recordings SET measured_ms = NULL, measure_cause_code = NULL, measure_at = NULL, measure_tries = 0"
      " WHERE id = $1 AND blob_key = $2 AND state = 'stored'",
      row_id, blob_key));
}

}  // namespace tapedeck::postgres

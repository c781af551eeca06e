#include "calls/sqlite/measures.hpp"

#include "calls/sqlite/rows.hpp"

#define TAPEDECK_UNMEASURED "state = 'stored' AND measured_ms IS NULL AND measure_cause_code IS NULL"

namespace tapedeck::sqlite {
namespace {

// The result of an UPDATE that was guarded by a blob.
Result<void> guarded(Database& database) {
  if (database.changes() > 0) return {};
  return fail(Errc::kStaleFence, "the recording is not stored any more, or has other audio since");
}

}  // namespace

Result<std::vector<MeasureClaim>> claim_unmeasured(Database& database, SystemTime now, SystemTime until, int limit) {
  std::vector<MeasureClaim> claims;
  {
    Statement rows = database.query(
        "SELECT " TAPEDECK_RECORDING_COLUMNS
        ", measure_tries FROM recordings INDEXED BY recordings_unmeasured WHERE " TAPEDECK_UNMEASURED
        " AND coalesce(measure_at, stored_at) <= ?1 ORDER BY coalesce(measure_at, stored_at) DESC LIMIT ?2",
        now, limit);
    while (rows.step()) {
      claims.push_back({read_recording(rows), static_cast<int>(rows.integer(kRecordingColumns)) + 1});
    }
  }
  for (const MeasureClaim& claim : claims) {
    database.run("UPDATE recordings SET measure_at = ?2, measure_tries = ?3 WHERE id = ?1", claim.recording.row_id,
                 until, claim.tries);
  }
  return claims;
}

Result<void> release_measures(Database& database) {
  database.run("UPDATE recordings SET measure_at = NULL WHERE measure_at IS NOT NULL AND " TAPEDECK_UNMEASURED);
  return {};
}

Result<void> record_measure(Database& database, std::int64_t row_id, const std::string& blob_key,
                            const AudioMeasure& measure) {
  database.run(
      "UPDATE recordings SET measured_ms = ?3, measured_channels = ?4, measured_rate = ?5, measured_codec = ?6,"
      " measure_at = NULL, measure_cause_code = NULL WHERE id = ?1 AND blob_key = ?2 AND state = 'stored'",
      row_id, blob_key, std::int64_t{measure.duration.count()}, measure.channels, measure.sample_rate, measure.codec);
  return guarded(database);
}

Result<void> fail_measure(Database& database, std::int64_t row_id, const std::string& blob_key,
                          const MeasureFailure& failure) {
  if (failure.again_at) {
    database.run(
        "UPDATE recordings SET measure_at = ?3, measure_tries = max(measure_tries - ?4, 0)"
        " WHERE id = ?1 AND blob_key = ?2 AND " TAPEDECK_UNMEASURED,
        row_id, blob_key, *failure.again_at, failure.try_counts ? 0 : 1);
  } else {
    database.run(
        "UPDATE recordings SET measure_cause_code = ?3, measure_cause_detail = ?4"
        " WHERE id = ?1 AND blob_key = ?2 AND " TAPEDECK_UNMEASURED,
        row_id, blob_key, failure.cause.code, failure.cause.detail);
  }
  return guarded(database);
}

Result<void> measure_again(Database& database, std::int64_t row_id, const std::string& blob_key) {
  database.run(
      "UPDATE recordings SET measured_ms = NULL, measure_cause_code = NULL, measure_at = NULL, measure_tries = 0"
      " WHERE id = ?1 AND blob_key = ?2 AND state = 'stored'",
      row_id, blob_key);
  return guarded(database);
}

}  // namespace tapedeck::sqlite

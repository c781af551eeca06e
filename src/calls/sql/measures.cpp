#include "calls/sql/functions.hpp"
#include "calls/sql/rows.hpp"

#define TAPEDECK_UNMEASURED "state = 'stored' AND measured_ms IS NULL AND measure_cause_code IS NULL"

namespace tapedeck::sql {
namespace {

// The result of an UPDATE that was guarded by a blob.
Result<void> guarded(std::int64_t changed) {
  if (changed > 0) return {};
  return fail(Errc::kStaleFence, "the recording is not stored any more, or has other audio since");
}

}  // namespace

Result<std::vector<MeasureClaim>> claim_unmeasured(Session& session, SystemTime now, SystemTime until, int limit) {
  std::vector<MeasureClaim> claims;
  {
    Rows rows = session.query(
        "SELECT " TAPEDECK_RECORDING_COLUMNS
        ", measure_tries FROM recordings{index recordings_unmeasured} WHERE " TAPEDECK_UNMEASURED
        " AND coalesce(measure_at, stored_at) <= ?1 ORDER BY coalesce(measure_at, stored_at) DESC LIMIT ?2{lock_free}",
        now, limit);
    while (rows.next()) {
      claims.push_back({read_recording(rows), static_cast<int>(rows.integer(kRecordingColumns)) + 1});
    }
  }
  for (const MeasureClaim& claim : claims) {
    session.run("UPDATE recordings SET measure_at = ?2, measure_tries = ?3 WHERE id = ?1", claim.recording.row_id,
                until, claim.tries);
  }
  return claims;
}

Result<void> release_measures(Session& session) {
  session.run("UPDATE recordings SET measure_at = NULL WHERE measure_at IS NOT NULL AND " TAPEDECK_UNMEASURED);
  return {};
}

Result<void> record_measure(Session& session, std::int64_t row_id, const std::string& blob_key,
                            const AudioMeasure& measure) {
  return guarded(session.run(
      "UPDATE recordings SET measured_ms = ?3, measured_channels = ?4, measured_rate = ?5, measured_codec = ?6,"
      " measure_at = NULL, measure_cause_code = NULL WHERE id = ?1 AND blob_key = ?2 AND state = 'stored'",
      row_id, blob_key, std::int64_t{measure.duration.count()}, measure.channels, measure.sample_rate, measure.codec));
}

Result<void> fail_measure(Session& session, std::int64_t row_id, const std::string& blob_key,
                          const MeasureFailure& failure) {
  if (failure.again_at) {
    return guarded(
        session.run("UPDATE recordings SET measure_at = ?3, measure_tries = {greatest}(measure_tries - ?4, 0)"
                    " WHERE id = ?1 AND blob_key = ?2 AND " TAPEDECK_UNMEASURED,
                    row_id, blob_key, *failure.again_at, failure.try_counts ? 0 : 1));
  }
  return guarded(
      session.run("UPDATE recordings SET measure_cause_code = ?3, measure_cause_detail = ?4"
                  " WHERE id = ?1 AND blob_key = ?2 AND " TAPEDECK_UNMEASURED,
                  row_id, blob_key, failure.cause.code, failure.cause.detail));
}

Result<void> measure_again(Session& session, std::int64_t row_id, const std::string& blob_key) {
  return guarded(session.run(
      "UPDATE recordings SET measured_ms = NULL, measure_cause_code = NULL, measure_at = NULL, measure_tries = 0"
      " WHERE id = ?1 AND blob_key = ?2 AND state = 'stored'",
      row_id, blob_key));
}

}  // namespace tapedeck::sql

#include "calls/sqlite/rows.hpp"

namespace tapedeck::sqlite {
namespace {

// Places in TAPEDECK_RECORDING_COLUMNS.
enum Column : int {
  kId,
  kBusinessId,
  kCallSid,
  kRecordingSid,
  kAccountSid,
  kSid,
  kState,
  kLane,
  kWantedOrder,
  kFence,
  kAttempts,
  kRetryAt,
  kCauseCode,
  kCauseDetail,
  kDurationSeconds,
  kChannels,
  kRecordedAt,
  kAnnouncedAt,
  kBlobKey,
  kSizeBytes,
  kContentType,
  kSha256,
  kStoredAt,
  kMeasuredMs,
  kMeasuredChannels,
  kMeasuredRate,
  kMeasuredCodec,
  kMeasureCauseCode,
  kMeasureCauseDetail,
  kDeleteAt,
  kHoldReason,
  kHeldSince,
  kDamage,
  kSourceDueAt,
  kSourceGone,
  kColumns
};
static_assert(kColumns == kRecordingColumns);

StoredAudio read_audio(const Statement& row) {
  StoredAudio audio;
  audio.blob_key = row.text(kBlobKey);
  audio.size_bytes = static_cast<std::uint64_t>(row.integer(kSizeBytes));
  audio.content_type = row.text(kContentType);
  audio.sha256 = row.text(kSha256);
  audio.stored_at = row.time(kStoredAt);
  return audio;
}

AudioMeasure read_measure(const Statement& row) {
  AudioMeasure measure;
  measure.duration = Milliseconds(row.integer(kMeasuredMs));
  measure.channels = static_cast<int>(row.integer(kMeasuredChannels));
  measure.sample_rate = static_cast<int>(row.integer(kMeasuredRate));
  measure.codec = row.text(kMeasuredCodec);
  return measure;
}

}  // namespace

Recording read_recording(const Statement& row) {
  Recording recording;
  recording.row_id = row.integer(kId);
  recording.business = read_id<BusinessId>(row, kBusinessId);
  recording.call = read_id<CallSid>(row, kCallSid);
  recording.recording = read_id<RecordingSid>(row, kRecordingSid);
  recording.account = read_id<AccountSid>(row, kAccountSid);
  recording.sid = read_id<Sid>(row, kSid);
  recording.state = read_name(row, kState, parse_state);
  recording.lane = read_name(row, kLane, parse_lane);
  recording.wanted_order = row.integer(kWantedOrder);
  recording.fence = row.integer(kFence);
  recording.attempts = static_cast<int>(row.integer(kAttempts));
  recording.retry_at = read_time(row, kRetryAt);
  if (!row.is_null(kCauseCode)) recording.cause = Cause{row.text(kCauseCode), row.text(kCauseDetail)};
  recording.duration_seconds = read_int(row, kDurationSeconds);
  recording.channels = static_cast<int>(row.integer(kChannels));
  recording.recorded_at = read_time(row, kRecordedAt);
  recording.announced_at = read_time(row, kAnnouncedAt);
  // What is fetched again keeps its blob's name in the row meanwhile.
  const bool has_audio = recording.state == RecordingState::kStored || recording.state == RecordingState::kDeleted;
  if (has_audio && !row.is_null(kBlobKey)) recording.audio = read_audio(row);
  if (!row.is_null(kMeasuredMs)) recording.measure = read_measure(row);
  if (!row.is_null(kMeasureCauseCode)) {
    recording.measure_cause = Cause{row.text(kMeasureCauseCode), row.text(kMeasureCauseDetail)};
  }
  recording.delete_at = read_time(row, kDeleteAt);
  if (!row.is_null(kHoldReason)) recording.hold = Hold{row.text(kHoldReason), row.time(kHeldSince)};
  if (!row.is_null(kDamage)) recording.damage = row.text(kDamage);
  recording.source_due_at = read_time(row, kSourceDueAt);
  recording.source_gone = row.integer(kSourceGone) != 0;
  return recording;
}

std::optional<Recording> read_recording_by_id(Database& database, std::int64_t row_id) {
  return read_one_recording(
      database.query("SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE id = ?1", row_id));
}

std::optional<Recording> read_one_recording(Statement statement) {
  if (!statement.step()) return std::nullopt;
  Recording recording = read_recording(statement);
  statement.run();
  return recording;
}

}  // namespace tapedeck::sqlite

#include "calls/postgres/rows.hpp"

namespace tapedeck::postgres {
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

StoredAudio read_audio(const Row& row, int first) {
  StoredAudio audio;
  audio.blob_key = row.text(first + kBlobKey);
  audio.size_bytes = static_cast<std::uint64_t>(row.integer(first + kSizeBytes));
  audio.content_type = row.text(first + kContentType);
  audio.sha256 = row.text(first + kSha256);
  audio.stored_at = row.time(first + kStoredAt);
  return audio;
}

AudioMeasure read_measure(const Row& row, int first) {
  AudioMeasure measure;
  measure.duration = Milliseconds(row.integer(first + kMeasuredMs));
  measure.channels = static_cast<int>(row.integer(first + kMeasuredChannels));
  measure.sample_rate = static_cast<int>(row.integer(first + kMeasuredRate));
  measure.codec = row.text(first + kMeasuredCodec);
  return measure;
}

}  // namespace

Recording read_recording(const Row& row, int first) {
  Recording recording;
  recording.row_id = row.integer(first + kId);
  recording.business = read_id<BusinessId>(row, first + kBusinessId);
  recording.call = read_id<CallSid>(row, first + kCallSid);
  recording.recording = read_id<RecordingSid>(row, first + kRecordingSid);
  recording.account = read_id<AccountSid>(row, first + kAccountSid);
  recording.sid = read_id<Sid>(row, first + kSid);
  recording.state = read_name(row, first + kState, parse_state);
  recording.lane = read_name(row, first + kLane, parse_lane);
  recording.wanted_order = row.integer(first + kWantedOrder);
  recording.fence = row.integer(first + kFence);
  recording.attempts = static_cast<int>(row.integer(first + kAttempts));
  recording.retry_at = read_time(row, first + kRetryAt);
  if (!row.is_null(first + kCauseCode)) {
    recording.cause = Cause{row.text(first + kCauseCode), row.text(first + kCauseDetail)};
  }
  recording.duration_seconds = read_int(row, first + kDurationSeconds);
  recording.channels = static_cast<int>(row.integer(first + kChannels));
  recording.recorded_at = read_time(row, first + kRecordedAt);
  recording.announced_at = read_time(row, first + kAnnouncedAt);
  // What is fetched again keeps its blob's name in the row meanwhile.
  const bool has_audio = recording.state == RecordingState::kStored || recording.state == RecordingState::kDeleted;
  if (has_audio && !row.is_null(first + kBlobKey)) recording.audio = read_audio(row, first);
  if (!row.is_null(first + kMeasuredMs)) recording.measure = read_measure(row, first);
  if (!row.is_null(first + kMeasureCauseCode)) {
    recording.measure_cause = Cause{row.text(first + kMeasureCauseCode), row.text(first + kMeasureCauseDetail)};
  }
  recording.delete_at = read_time(row, first + kDeleteAt);
  if (!row.is_null(first + kHoldReason))
    recording.hold = Hold{row.text(first + kHoldReason), row.time(first + kHeldSince)};
  if (!row.is_null(first + kDamage)) recording.damage = row.text(first + kDamage);
  recording.source_due_at = read_time(row, first + kSourceDueAt);
  recording.source_gone = row.boolean(first + kSourceGone);
  return recording;
}

std::optional<Recording> read_one_recording(const ResultRows& rows) {
  if (rows.empty()) return std::nullopt;
  return read_recording(rows.front());
}

}  // namespace tapedeck::postgres

#include "calls/sql/rows.hpp"

#include <stdexcept>

namespace tapedeck::sql {
namespace {

// Hands out the columns of a row in order, each once.
class Columns {
 public:
  Columns(const Rows& row, int first) : row_(row), next_(first) {}

  std::int64_t integer() { return row_.integer(next_++); }
  int number() { return static_cast<int>(integer()); }
  bool boolean() { return row_.boolean(next_++); }
  std::string text() { return row_.text(next_++); }
  std::optional<SystemTime> time() { return read_time(row_, next_++); }
  std::optional<int> optional_number() { return read_int(row_, next_++); }
  std::optional<std::string> optional_text() {
    const int column = next_++;
    if (row_.is_null(column)) return std::nullopt;
    return row_.text(column);
  }
  template <class SomeId>
  SomeId id() {
    return read_id<SomeId>(row_, next_++);
  }
  template <class Parse>
  auto name(Parse parse) {
    return read_name(row_, next_++, parse);
  }
  // Two columns.
  std::optional<Cause> cause() {
    auto code = optional_text();
    auto detail = text();
    if (!code) return std::nullopt;
    return Cause{std::move(*code), std::move(detail)};
  }
  [[nodiscard]] int next() const { return next_; }

 private:
  const Rows& row_;
  int next_;
};

std::optional<StoredAudio> read_audio(Columns& columns) {
  auto key = columns.optional_text();
  StoredAudio audio;
  audio.size_bytes = static_cast<std::uint64_t>(columns.integer());
  audio.content_type = columns.text();
  audio.sha256 = columns.text();
  audio.stored_at = columns.time().value_or(SystemTime());
  if (!key) return std::nullopt;
  audio.blob_key = std::move(*key);
  return audio;
}

std::optional<AudioMeasure> read_measure(Columns& columns) {
  const auto milliseconds = columns.time();
  AudioMeasure measure;
  measure.channels = columns.number();
  measure.sample_rate = columns.number();
  measure.codec = columns.text();
  if (!milliseconds) return std::nullopt;
  measure.duration = Milliseconds(milliseconds->time_since_epoch());
  return measure;
}

}  // namespace

Recording read_recording(const Rows& row, int first) {
  Columns columns(row, first);
  Recording recording;
  recording.row_id = columns.integer();
  recording.business = columns.id<BusinessId>();
  recording.call = columns.id<CallSid>();
  recording.recording = columns.id<RecordingSid>();
  recording.account = columns.id<AccountSid>();
  recording.sid = columns.id<Sid>();
  recording.state = columns.name(parse_state);
  recording.lane = columns.name(parse_lane);
  recording.wanted_order = columns.integer();
  recording.fence = columns.integer();
  recording.attempts = columns.number();
  recording.retry_at = columns.time();
  recording.cause = columns.cause();
  recording.duration_seconds = columns.optional_number();
  recording.channels = columns.number();
  recording.recorded_at = columns.time();
  recording.announced_at = columns.time();
  recording.audio = read_audio(columns);
  // A recording that is fetched again keeps the name of its blob in the row meanwhile.
  const bool has_audio = recording.state == RecordingState::kStored || recording.state == RecordingState::kDeleted;
  if (!has_audio) recording.audio.reset();
  recording.measure = read_measure(columns);
  recording.measure_cause = columns.cause();
  recording.delete_at = columns.time();
  auto hold_reason = columns.optional_text();
  const auto held_since = columns.time();
  if (hold_reason) recording.hold = Hold{std::move(*hold_reason), held_since.value_or(SystemTime())};
  recording.damage = columns.optional_text();
  recording.source_due_at = columns.time();
  recording.source_gone = columns.boolean();
  if (columns.next() - first != kRecordingColumns) throw std::logic_error("a recording has other columns");
  return recording;
}

std::vector<Recording> read_recordings(Rows rows) {
  std::vector<Recording> found;
  while (rows.next()) found.push_back(read_recording(rows));
  return found;
}

std::optional<Recording> read_first_recording(Rows rows) {
  if (!rows.next()) return std::nullopt;
  return read_recording(rows);
}

std::optional<Recording> read_recording_by_id(Session& session, std::int64_t row_id) {
  return read_first_recording(
      session.query("SELECT " TAPEDECK_RECORDING_COLUMNS " FROM recordings WHERE id = ?1", row_id));
}

}  // namespace tapedeck::sql

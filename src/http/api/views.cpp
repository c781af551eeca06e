#include "http/api/views.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "base/time.hpp"

namespace tapedeck::http {
namespace {

using boost::json::object;
using boost::json::value;

/// A running fetch is done in seconds, and a queue moves as often.
constexpr Seconds kAskAgainProcessing{1};
constexpr Seconds kAskAgainQueuedMax{5};
constexpr Seconds kAskAgainDelayedMax{60};

value text_or_null(std::string_view text) { return text.empty() ? value(nullptr) : value(text); }

value time_or_null(const std::optional<SystemTime>& time) {
  return time ? value(format_rfc3339(*time)) : value(nullptr);
}

template <class Number>
value number_or_null(const std::optional<Number>& number) {
  return number ? value(*number) : value(nullptr);
}

object progress_json(const Progress& progress) {
  object json{{"bytes", progress.bytes}, {"total", number_or_null(progress.total)}};
  if (progress.total && *progress.total > 0)
    json["percent"] = std::min<std::uint64_t>(100, 100 * progress.bytes / *progress.total);
  return json;
}

// What was found in the audio, and whether the duration that was told is another. Null until it was decoded.
void add_measure(object& json, const Recording& recording) {
  if (!recording.measure) {
    json["measured"] = nullptr;
    return;
  }
  const AudioMeasure& measure = *recording.measure;
  const double seconds = std::chrono::duration<double>(measure.duration).count();
  json["measured"] = {{"duration", seconds},
                      {"channels", measure.channels},
                      {"sample_rate", measure.sample_rate},
                      {"codec", measure.codec}};
  json["duration_differs"] =
      recording.duration_seconds && durations_differ(*recording.duration_seconds, measure.duration);
}

object recording_json(const Recording& recording) {
  object json{{"sid", recording.recording.view()}, {"state", state_name(recording.state)}};
  json["duration"] = number_or_null(recording.duration_seconds);
  if (recording.audio) {
    json["size_bytes"] = recording.audio->size_bytes;
    json["content_type"] = recording.audio->content_type;
    add_measure(json, recording);
  }
  if (recording.retry_at && recording.state == RecordingState::kQueued) {
    json["retry_at"] = format_rfc3339(*recording.retry_at);
  }
  if (recording.cause) json["cause"] = cause_json(*recording.cause);
  return json;
}

}  // namespace

Standing standing_of(const RecordingView& view) {
  const Recording& recording = view.recording;
  const SlotStatus& slot = view.slot;
  Standing standing;
  standing.state = recording.state;
  const bool is_under_way =
      recording.state == RecordingState::kQueued || recording.state == RecordingState::kProcessing;
  if (!is_under_way) return standing;
  standing.why = slot.why;
  switch (slot.place) {
    case SlotPlace::kNone:
      break;
    case SlotPlace::kGranted:
    case SlotPlace::kRunning:
      standing.state = RecordingState::kProcessing;
      break;
    case SlotPlace::kWaiting:
      standing.state = RecordingState::kQueued;
      standing.position = slot.position;
      standing.queue_length = slot.queue_length;
      break;
    case SlotPlace::kDelayed:
      standing.state = RecordingState::kQueued;
      standing.retry_at = slot.until ? slot.until : recording.retry_at;
      break;
  }
  return standing;
}

std::optional<Seconds> retry_after(const Standing& standing, SystemTime now) {
  if (standing.state == RecordingState::kProcessing) return kAskAgainProcessing;
  if (standing.state != RecordingState::kQueued) return std::nullopt;
  if (standing.retry_at) {
    const auto left = std::chrono::ceil<Seconds>(*standing.retry_at - now);
    return std::clamp(left, Seconds{1}, kAskAgainDelayedMax);
  }
  return std::clamp(Seconds{standing.position}, Seconds{1}, kAskAgainQueuedMax);
}

object waiting_json(const Standing& standing) {
  object json{{"status", state_name(standing.state)}};
  if (standing.state != RecordingState::kQueued) return json;
  if (standing.position > 0) {
    json["position"] = standing.position;
    json["queue_length"] = standing.queue_length;
  } else {
    if (!standing.why.empty()) json["why"] = standing.why;
    if (standing.retry_at) json["retry_at"] = format_rfc3339(*standing.retry_at);
  }
  return json;
}

object status_json(const RecordingView& view) {
  const Recording& recording = view.recording;
  const Standing standing = standing_of(view);
  object json{{"state", state_name(standing.state)},
              {"call_sid", recording.call.view()},
              {"recording_sid", recording.recording.view()}};
  if (standing.position > 0) {
    json["position"] = standing.position;
    json["queue_length"] = standing.queue_length;
  }
  json["why"] = text_or_null(standing.why);
  json["retry_at"] = time_or_null(standing.retry_at);
  json["progress"] = view.progress ? value(progress_json(*view.progress)) : value(nullptr);
  json["cause"] = recording.cause ? value(cause_json(*recording.cause)) : value(nullptr);
  json["attempts"] = recording.attempts;
  json["duration"] = number_or_null(recording.duration_seconds);
  if (recording.audio) {
    json["size_bytes"] = recording.audio->size_bytes;
    json["content_type"] = recording.audio->content_type;
    json["sha256"] = recording.audio->sha256;
    json["stored_at"] = format_rfc3339(recording.audio->stored_at);
    add_measure(json, recording);
    json["delete_at"] = time_or_null(recording.delete_at);
    json["damage"] = recording.damage ? value(*recording.damage) : value(nullptr);
  }
  json["hold"] = recording.hold
                     ? value{{"reason", recording.hold->reason}, {"since", format_rfc3339(recording.hold->since)}}
                     : value(nullptr);
  return json;
}

object call_json(const Call& call) {
  return {{"call_sid", call.sid.view()},
          {"from", text_or_null(call.from)},
          {"to", text_or_null(call.to)},
          {"direction", call.direction ? value(direction_name(*call.direction)) : value(nullptr)},
          {"started_at", time_or_null(call.started_at)},
          {"duration", number_or_null(call.duration_seconds)},
          {"recording", call.recording ? value(recording_json(*call.recording)) : value(nullptr)}};
}

object cause_json(const Cause& cause) { return {{"code", cause.code}, {"detail", cause.detail}}; }

}  // namespace tapedeck::http

#include "http/api/views.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include "base/time.hpp"

namespace tapedeck::http {
namespace {

using boost::json::object;
using boost::json::value;

/// A running fetch ends within seconds, and so does a place in the queue.
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

// Adds what decoding found in the audio, and whether the reported duration differs. Null until the audio is decoded.
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

PublicState public_state_of(const RecordingView& view) {
  const Recording& recording = view.recording;
  const SlotStatus& slot = view.slot;
  PublicState shown;
  shown.state = recording.state;
  const bool is_under_way =
      recording.state == RecordingState::kQueued || recording.state == RecordingState::kProcessing;
  if (!is_under_way) return shown;
  shown.why = slot.why;
  switch (slot.place) {
    case SlotPlace::kNone: break;
    case SlotPlace::kGranted:
    case SlotPlace::kRunning: shown.state = RecordingState::kProcessing; break;
    case SlotPlace::kWaiting:
      shown.state = RecordingState::kQueued;
      shown.position = slot.position;
      shown.queue_length = slot.queue_length;
      break;
    case SlotPlace::kDelayed:
      shown.state = RecordingState::kQueued;
      shown.retry_at = slot.until ? slot.until : recording.retry_at;
      break;
  }
  return shown;
}

std::optional<Seconds> retry_after(const PublicState& shown, SystemTime now) {
  if (shown.state == RecordingState::kProcessing) return kAskAgainProcessing;
  if (shown.state != RecordingState::kQueued) return std::nullopt;
  if (shown.retry_at) {
    const auto left = std::chrono::ceil<Seconds>(*shown.retry_at - now);
    return std::clamp(left, Seconds{1}, kAskAgainDelayedMax);
  }
  return std::clamp(Seconds{shown.position}, Seconds{1}, kAskAgainQueuedMax);
}

object waiting_json(const PublicState& shown) {
  object json{{"status", state_name(shown.state)}};
  if (shown.state != RecordingState::kQueued) return json;
  if (shown.position > 0) {
    json["position"] = shown.position;
    json["queue_length"] = shown.queue_length;
  } else {
    if (!shown.why.empty()) json["why"] = shown.why;
    if (shown.retry_at) json["retry_at"] = format_rfc3339(*shown.retry_at);
  }
  return json;
}

object status_json(const RecordingView& view) {
  const Recording& recording = view.recording;
  const PublicState shown = public_state_of(view);
  object json{{"state", state_name(shown.state)},
              {"call_sid", recording.call.view()},
              {"recording_sid", recording.recording.view()}};
  if (shown.position > 0) {
    json["position"] = shown.position;
    json["queue_length"] = shown.queue_length;
  }
  json["why"] = text_or_null(shown.why);
  json["retry_at"] = time_or_null(shown.retry_at);
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

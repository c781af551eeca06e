#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "app/recordings.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/recording.hpp"

namespace tapedeck::http {

/// Where a recording is for people: the call store's state, and of what is under way the slot store's, which is
/// newer. One rule for stream and status, so that they never contradict each other.
struct Standing {
  RecordingState state = RecordingState::kRemote;
  int position = 0;  ///< 1 is next; 0: not known, or backing off
  int queue_length = 0;
  std::optional<SystemTime> retry_at;  ///< backing off until then
  std::string why;
};
[[nodiscard]] Standing standing_of(const RecordingView& view);

/// Seconds after which it is worth asking again; nothing where nothing will change by itself.
[[nodiscard]] std::optional<Seconds> retry_after(const Standing& standing, SystemTime now);

/// {"status":"processing"}, {"status":"queued","position":n,"queue_length":m}, or, backing off,
/// {"status":"queued","why":…,"retry_at":…}; otherwise {"status": the state}.
[[nodiscard]] boost::json::object waiting_json(const Standing& standing);
/// The answer of /status.
[[nodiscard]] boost::json::object status_json(const RecordingView& view);
/// One entry of the list of calls.
[[nodiscard]] boost::json::object call_json(const Call& call);
/// {"code":…,"detail":…}
[[nodiscard]] boost::json::object cause_json(const Cause& cause);

}  // namespace tapedeck::http

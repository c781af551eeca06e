#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "app/play.hpp"
#include "calls/ports/call_list_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "domain/recording.hpp"

namespace tapedeck::http {

/// The state of a recording as users see it: the call store's, or for a recording under way the slot store's, which is
/// newer. Stream and status share this rule, so that they never contradict each other.
struct PublicState {
  RecordingState state = RecordingState::kRemote;
  int position = 0;  ///< 1 is next; 0: unknown, or delayed
  int queue_length = 0;
  std::optional<SystemTime> retry_at;  ///< delayed until then
  std::string why;
};
[[nodiscard]] PublicState public_state_of(const RecordingView& view);

/// Time after which a client should ask again; nothing if the state does not change by itself.
[[nodiscard]] std::optional<Seconds> retry_after(const PublicState& shown, SystemTime now);

/// {"status":"processing"}, {"status":"queued","position":n,"queue_length":m}, or while delayed
/// {"status":"queued","why":…,"retry_at":…}; otherwise {"status": the state}.
[[nodiscard]] boost::json::object waiting_json(const PublicState& shown);
/// The answer of /status.
[[nodiscard]] boost::json::object status_json(const RecordingView& view);
/// One entry of the list of calls.
[[nodiscard]] boost::json::object call_json(const Call& call);
/// {"code":…,"detail":…}
[[nodiscard]] boost::json::object cause_json(const Cause& cause);

}  // namespace tapedeck::http

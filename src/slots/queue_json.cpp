#include "slots/queue_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/time.hpp"

namespace tapedeck {
namespace {

using boost::json::object;
using boost::json::value;

value time_or_null(const std::optional<SystemTime>& time) {
  return time ? value(format_rfc3339(*time)) : value(nullptr);
}

object item_json(const QueueState::Item& item) {
  const SlotStatus& status = item.status;
  const bool has_slot = status.place == SlotPlace::kGranted || status.place == SlotPlace::kRunning;
  object json{{"sid", item.sid.view()},
              {"state", state_name(has_slot ? RecordingState::kProcessing : RecordingState::kQueued)},
              {"lane", lane_name(status.lane)}};
  if (status.place == SlotPlace::kWaiting) json["position"] = status.position;
  if (status.place == SlotPlace::kDelayed) json["retry_at"] = time_or_null(status.until);
  json["why"] = status.why.empty() ? value(nullptr) : value(status.why);
  return json;
}

}  // namespace

object queue_json(const QueueState& queue) {
  boost::json::array active;
  boost::json::array waiting;
  boost::json::array delayed;
  for (const QueueState::Item& item : queue.items) {
    switch (item.status.place) {
      case SlotPlace::kGranted:
      case SlotPlace::kRunning: active.emplace_back(item_json(item)); break;
      case SlotPlace::kWaiting: waiting.emplace_back(item_json(item)); break;
      case SlotPlace::kDelayed: delayed.emplace_back(item_json(item)); break;
      case SlotPlace::kNone: break;
    }
  }
  object json{{"limit", queue.limit},
              {"active_count", queue.active},
              {"queue_length", queue.waiting_play + queue.waiting_fetch},
              {"more_are_waiting", queue.has_beyond},
              {"delayed_count", queue.delayed},
              {"active", std::move(active)},
              {"waiting", std::move(waiting)},
              {"delayed", std::move(delayed)}};
  json["blocked"] = queue.blocked_why.empty()
                        ? value(nullptr)
                        : value{{"why", queue.blocked_why}, {"until", time_or_null(queue.blocked_until)}};
  return json;
}

}  // namespace tapedeck

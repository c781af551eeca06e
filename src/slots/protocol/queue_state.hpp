#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/recording.hpp"

namespace tapedeck {

enum class SlotPlace { kNone, kGranted, kRunning, kWaiting, kDelayed };

/// Where a recording is, and why it is not further.
struct SlotStatus {
  SlotPlace place = SlotPlace::kNone;
  Lane lane = Lane::kPlay;
  int position = 0;      ///< 1-based over both lanes; 0: does not wait
  int queue_length = 0;  ///< waiting in both lanes
  int active = 0;
  int limit = 0;
  std::optional<SystemTime> until;  ///< when it may go on, where that is known
  std::string why;                  ///< a sentence
  friend bool operator==(const SlotStatus&, const SlotStatus&) = default;
};

// The sentences of SlotStatus::why, the same from every store.
inline constexpr std::string_view kWhyNoWorker = "waiting for a free worker";
inline constexpr std::string_view kWhyHold = "downloads from before a restart may still be open at the provider";
[[nodiscard]] std::string why_limit(int active, int limit);
/// `waiting`: the number of automatic fetches in the window.
[[nodiscard]] std::string why_beyond(std::string_view waiting);

/// The queue of one business: every store answers it, and queue_json() shows it to people.
struct QueueState {
  struct Item {
    Sid sid;
    SlotStatus status;
  };
  int active = 0;
  int limit = 0;
  int waiting_play = 0;
  int waiting_fetch = 0;
  int delayed = 0;
  std::optional<SystemTime> blocked_until;
  std::string blocked_why;  ///< empty: not blocked
  bool has_beyond = false;  ///< more automatic fetches wait in the call store alone
  std::vector<Item> items;  ///< active first, then the lanes in order, then the delayed by due time
};

}  // namespace tapedeck

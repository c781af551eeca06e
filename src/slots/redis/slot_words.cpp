#include "slots/redis/slot_words.hpp"

#include <algorithm>

namespace tapedeck::redis {
namespace {

// The time of a block without an end, and of none.
constexpr std::int64_t kForEver = -1;
constexpr std::int64_t kNever = 0;

// The word that tells recover.lua that a chunk is the last one.
constexpr std::size_t kIsLastChunk = 5;

std::string word(const TestClock& clock) { return clock ? std::to_string(clock->time_since_epoch().count()) : ""; }
std::string word(SystemTime time) { return std::to_string(time.time_since_epoch().count()); }
std::string word(Lane lane) { return lane == Lane::kPlay ? "0" : "1"; }
std::string word(bool flag) { return flag ? "1" : "0"; }

}  // namespace

Words request_words(const TestClock& clock, const Sid& sid, Lane lane, const OperationId& op) {
  return {word(clock), sid.str(), word(lane), op};
}

Words claim_words(const TestClock& clock, const LeaseId& lease, bool play_only) {
  return {word(clock), lease, word(play_only)};
}

Words claim_next_words(const TestClock& clock, const LeaseId& lease, bool play_only, bool is_repeat) {
  return {word(clock), lease, word(play_only), word(is_repeat)};
}

Words renew_words(const TestClock& clock, std::span<const LeaseId> leases) {
  Words words{word(clock)};
  words.insert(words.end(), leases.begin(), leases.end());
  return words;
}

Words known_words(const TestClock& clock, std::span<const Sid> sids) {
  Words words{word(clock)};
  for (const Sid& sid : sids) words.push_back(sid.str());
  return words;
}

Words finish_words(const TestClock& clock, const LeaseId& lease, const Sid& sid, const FinishOutcome& outcome) {
  return {word(clock),
          lease,
          sid.str(),
          std::to_string(static_cast<int>(outcome.kind)),
          outcome.retry_at ? word(*outcome.retry_at) : "",
          outcome.why};
}

Words finish_and_claim_words(const TestClock& clock, const LeaseRef& lease, const FinishOutcome& outcome,
                             const ClaimWish& next, bool is_repeat) {
  Words words = finish_words(clock, lease.lease, lease.sid, outcome);
  words.insert(words.end(), {next.lease, word(next.lanes == LaneFilter::kPlayOnly), word(is_repeat)});
  return words;
}

Words block_words(const TestClock& clock, std::optional<SystemTime> until, const std::string& why) {
  return {word(clock), until ? word(*until) : std::to_string(kForEver), why};
}

Words unblock_words(const TestClock& clock) { return {word(clock)}; }

Words cancel_words(const TestClock& clock, const Sid& sid) { return {word(clock), sid.str()}; }

Words set_limit_words(const TestClock& clock, int limit) {
  return {word(clock), std::to_string(std::clamp(limit, 1, kSlotLimitMax))};
}

Words sweep_words(const TestClock& clock) { return {word(clock)}; }

Words refill_words(const TestClock& clock, std::int64_t refill, std::span<const Sid> sids, bool is_all) {
  Words words{word(clock), std::to_string(refill), word(is_all)};
  for (const Sid& sid : sids) words.push_back(sid.str());
  return words;
}

Words status_words(const TestClock& clock, const Sid& sid) { return {word(clock), sid.str()}; }

Words due_words(const TestClock& clock, std::size_t most, Milliseconds look_later, Milliseconds recovery) {
  return {word(clock), std::to_string(most), std::to_string(look_later.count()), std::to_string(recovery.count())};
}

Words look_soon_words(const TestClock& clock, const BusinessId& business, Milliseconds soon) {
  return {word(clock), business.str(), std::to_string(soon.count())};
}

Words look_later_words(const TestClock& clock, const BusinessId& business, std::int64_t look_later_until,
                       std::optional<SystemTime> next_due) {
  return {word(clock), business.str(), std::to_string(look_later_until),
          next_due ? word(*next_due) : std::to_string(kNever)};
}

Words view_words(const TestClock& clock, std::size_t most) { return {word(clock), std::to_string(most)}; }

Words begin_recovery_words(const TestClock& clock, std::int64_t epoch, RecoverWhat what) {
  const std::string no_limit_yet = "1";
  const std::string no_hold = "0";
  return {word(clock),
          std::to_string(epoch),
          no_limit_yet,
          no_hold,
          word(true),
          word(false),
          word(what == RecoverWhat::kOnlyLost)};
}

std::vector<Words> recover_words(const TestClock& clock, std::int64_t epoch, int limit,
                                 const std::vector<RecoveredEntry>& entries, bool has_beyond, Milliseconds hold) {
  const Words head{word(clock), std::to_string(epoch), std::to_string(limit), std::to_string(hold.count()),
                   word(false), word(false),           word(has_beyond)};
  std::vector<Words> chunks{head};
  std::size_t in_chunk = 0;
  for (const bool interrupted : {true, false}) {
    for (const RecoveredEntry& entry : entries) {
      if (entry.was_processing != interrupted) continue;
      if (in_chunk == kRecoverChunk) {
        chunks.push_back(head);
        in_chunk = 0;
      }
      ++in_chunk;
      Words& chunk = chunks.back();
      chunk.push_back(entry.sid.str());
      chunk.push_back(word(entry.lane));
      chunk.push_back(entry.retry_at ? word(*entry.retry_at) : std::to_string(kNever));
      chunk.push_back(entry.why);
    }
  }
  chunks.back()[kIsLastChunk] = word(true);
  return chunks;
}

}  // namespace tapedeck::redis

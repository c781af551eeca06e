#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "calls/businesses.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// How often the rules of the businesses are read again: so long a command in another process may take to be felt.
inline constexpr Milliseconds kRulesRefresh{1'000};
/// Why a paused business's recordings wait.
inline constexpr std::string_view kPausedWhy = "this business is paused by an operator";

/// How many businesses a refresh compares with what the slot store says of them, one after the other, round and round:
/// so heals what a process left behind that was killed between its row and its slots, or that lost an answer.
inline constexpr std::size_t kRulesCompared = 64;

/// Carries the businesses' limits and pauses from the call store to the slot store. Thread-safe.
class BusinessRules {
 public:
  BusinessRules(SlotStore& slots, Businesses& businesses) : slots_(slots), businesses_(businesses) {}

  /// Applies what has changed since the last time, and compares the next kRulesCompared businesses. To be called at
  /// start, and every kRulesRefresh, by one task. What fails for one business holds up no other; the last error.
  [[nodiscard]] Task<Result<void>> refresh();
  /// Applies the rules of a business that refresh() has not seen yet, so that not even its first request is admitted
  /// under the limit of the settings. Free for one that is known. From any thread.
  [[nodiscard]] Task<Result<void>> learn(BusinessId id);

 private:
  struct Applied {
    Applied(const Business& business, bool sure)
        : limit(business.limit),
          paused(business.paused),
          account(business.account),
          auth_token(business.auth_token),
          is_sure(sure) {}
    friend bool operator==(const Applied&, const Applied&) = default;

    int limit;
    bool paused;
    AccountSid account;
    std::string auth_token;
    bool is_sure;  // false: learned, so a change may have been overtaken, and refresh() applies it once more
  };

  [[nodiscard]] Task<Result<void>> apply(Business business, bool is_sure);
  [[nodiscard]] bool is_settled(const Business& business);
  [[nodiscard]] Task<Result<void>> compare(const Business& business);

  SlotStore& slots_;
  Businesses& businesses_;
  std::mutex mutex_;
  std::unordered_map<BusinessId, Applied> applied_;
  std::size_t compared_ = 0;  // of refresh() alone: how many of the round
};

}  // namespace tapedeck

#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "app/businesses.hpp"
#include "ports/call_store.hpp"
#include "ports/slot_store.hpp"

namespace tapedeck {

/// How often the rules of the businesses are read again: so long a command in another process may take to be felt.
inline constexpr Milliseconds kRulesRefresh{1'000};
/// Why a paused business's recordings wait.
inline constexpr std::string_view kPausedWhy = "this business is paused by an operator";

/// Carries the businesses' limits and pauses from the call store to the slot store. Thread-safe.
class BusinessRules {
 public:
  BusinessRules(CallStore& calls, SlotStore& slots, Businesses& businesses)
      : calls_(calls), slots_(slots), businesses_(businesses) {}

  /// Applies what has changed since the last time. To be called at start, and every kRulesRefresh, by one task.
  [[nodiscard]] Task<Result<void>> refresh();
  /// Applies the rules of a business that refresh() has not seen yet, so that not even its first request is admitted
  /// under the limit of the settings. Free for one that is known. From any thread.
  [[nodiscard]] Task<Result<void>> learn(BusinessId id);
  /// The slot store has forgotten all: what was applied is to be applied again.
  void forget();

 private:
  struct Applied {
    int limit = 0;
    bool paused = false;
    AccountSid account;
    std::string auth_token;
    bool is_sure = true;  // false: learned, so a change may have been overtaken, and refresh() applies it once more
  };

  [[nodiscard]] Task<Result<void>> apply(Business business, bool is_sure);

  CallStore& calls_;
  SlotStore& slots_;
  Businesses& businesses_;
  std::mutex mutex_;
  std::unordered_map<BusinessId, Applied> applied_;
};

}  // namespace tapedeck

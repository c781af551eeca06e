#pragma once

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

/// Carries the businesses' limits and pauses from the call store to the slot store.
class BusinessRules {
 public:
  BusinessRules(CallStore& calls, SlotStore& slots, Businesses& businesses)
      : calls_(calls), slots_(slots), businesses_(businesses) {}

  /// Applies what has changed since the last time. To be called at start, and every kRulesRefresh.
  [[nodiscard]] Task<Result<void>> refresh();

 private:
  struct Applied {
    int limit = 0;
    bool paused = false;
    AccountSid account;
    std::string auth_token;
  };

  CallStore& calls_;
  SlotStore& slots_;
  Businesses& businesses_;
  std::unordered_map<BusinessId, Applied> applied_;
};

}  // namespace tapedeck

#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// Interval between two readings of the businesses' rules: a command in another process takes effect within it.
inline constexpr Milliseconds kRulesRefresh{1'000};
/// Why a paused business's recordings wait.
inline constexpr std::string_view kPausedWhy = "this business is paused by an operator";

/// Businesses that one refresh compares with the slot store, in turn. This mends what a process left behind that was
/// killed between the row and the slots, or that lost an answer.
inline constexpr std::size_t kRulesCompared = 64;

/// Carries the businesses' limits and pauses from the call store to the slot store. Thread-safe.
class BusinessRules {
 public:
  BusinessRules(CallStore& calls, SlotStore& slots, Businesses& businesses)
      : calls_(calls), slots_(slots), businesses_(businesses) {}

  /// Applies the changes since the last call, and compares the next kRulesCompared businesses. One task calls it at the
  /// start and then every kRulesRefresh. A failure of one business does not stop the others; the result is the last
  /// one.
  [[nodiscard]] Task<Result<void>> refresh();
  /// Applies the rules of a business that refresh() has not seen yet, so that even its first request is admitted under
  /// its own limit. Costs nothing for a known one. From any thread.
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
    bool is_sure;  // false: learned; another change may have overtaken it, so refresh() applies it once more
  };

  [[nodiscard]] Task<Result<void>> apply(Business business, bool is_sure);
  [[nodiscard]] bool is_settled(const Business& business);
  [[nodiscard]] Task<Result<void>> compare(const Business& business);

  CallStore& calls_;
  SlotStore& slots_;
  Businesses& businesses_;
  std::mutex mutex_;
  std::unordered_map<BusinessId, Applied> applied_;
  std::size_t compared_ = 0;  // of this round; for refresh() alone
};

}  // namespace tapedeck

#pragma once

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "slots/business_rules.hpp"
#include "slots/recovery.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// Bytes of an operation id and of a lease.
inline constexpr std::size_t kOperationIdBytes = 16;
/// Tries of one request whose answer was lost; the same operation id makes the repeat safe.
inline constexpr int kAskTries = 2;
/// How long a request waits for a business's slots to be rebuilt, and how often it looks.
inline constexpr Milliseconds kRebuildPatience{2'000};
inline constexpr Milliseconds kRebuildLook{10};

/// How people, webhooks and workers ask for a slot. Thread-safe.
class SlotRequests {
 public:
  SlotRequests(SlotStore& slots, BusinessRules& rules, SlotRecovery& recovery, Clock& clock, Random& random)
      : slots_(slots), rules_(rules), recovery_(recovery), clock_(clock), random_(random) {}

  /// Said before the call store is told that a recording is wanted, and ended after ask(): so that a rebuilding of the
  /// business's slots in between leaves the recording to ask(), which tells whether it was given a slot.
  class Intent {
   public:
    Intent(SlotRequests& requests, BusinessId business, Sid sid);
    Intent(const Intent&) = delete;
    Intent& operator=(const Intent&) = delete;
    ~Intent();

   private:
    SlotRequests& requests_;
    const std::pair<BusinessId, Sid> wanted_;
  };

  /// A slot, or a place in the queue, by the rules of the business. To be called once the call store knows that the
  /// recording is wanted. A business whose slots were lost is rebuilt first. Error kUnavailable: a store is away; the
  /// reconciliation asks again when it is back.
  [[nodiscard]] Task<Result<RequestAnswer>> ask(BusinessId business, Sid sid, Lane lane);
  /// Rebuilds a business whose slots were lost. Error kUnavailable: a store is away, or another process is at it.
  [[nodiscard]] Task<Result<void>> rebuild(BusinessId business);

 private:
  [[nodiscard]] Task<Result<RequestAnswer>> try_ask(BusinessId business, Sid sid, Lane lane, OperationId op);
  [[nodiscard]] std::vector<Sid> intended(const BusinessId& business);

  SlotStore& slots_;
  BusinessRules& rules_;
  SlotRecovery& recovery_;
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::pair<BusinessId, Sid>, int> intents_;
};

}  // namespace tapedeck

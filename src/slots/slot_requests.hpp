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
/// Attempts of one request whose answer was lost. The same operation id makes the repeat safe.
inline constexpr int kAskAttempts = 2;
/// Longest wait of a request for the rebuild of a business's slots, and the pause between two looks.
inline constexpr Milliseconds kRebuildPatience{2'000};
inline constexpr Milliseconds kRebuildLook{10};
/// Most pending requests that are listed. While there are more, no business is rebuilt.
inline constexpr std::size_t kPendingRequestsMax = 10'000;

/// Asks for slots on behalf of people, webhooks and workers. Thread-safe.
class SlotRequests {
 public:
  SlotRequests(SlotStore& slots, BusinessRules& rules, SlotRecovery& recovery, Clock& clock, Random& random)
      : slots_(slots), rules_(rules), recovery_(recovery), clock_(clock), random_(random) {}

  /// A request that is on its way. Its caller begins it before the call store queues the row, and ends it after ask().
  /// A rebuild of the business's slots in between leaves the row to ask(), which logs whether it was given a slot; had
  /// the rebuild taken the row in, ask() would find it known and log nothing.
  class Pending {
   public:
    Pending(SlotRequests& requests, BusinessId business, Sid sid);
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending();

   private:
    SlotRequests& requests_;
    const std::pair<BusinessId, Sid> wanted_;
    bool is_listed_ = false;
  };

  /// A slot, or a place in the queue, by the rules of the business. The call store must have queued the recording
  /// before. A business whose slots were lost is rebuilt first. Error kUnavailable: a store is away; the reconciliation
  /// asks again when it is back.
  [[nodiscard]] Task<Result<RequestAnswer>> ask(BusinessId business, Sid sid, Lane lane);
  /// Rebuilds a business whose slots were lost. Error kUnavailable: a store is away, another process is rebuilding it,
  /// or more than kPendingRequestsMax requests are pending.
  [[nodiscard]] Task<Result<void>> rebuild(BusinessId business);

 private:
  [[nodiscard]] Task<Result<RequestAnswer>> try_ask(BusinessId business, Sid sid, Lane lane, OperationId op);
  [[nodiscard]] Result<std::vector<Sid>> pending_of(const BusinessId& business);

  SlotStore& slots_;
  BusinessRules& rules_;
  SlotRecovery& recovery_;
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::pair<BusinessId, Sid>, int> pending_;
  std::size_t unlisted_ = 0;  // pending requests beyond kPendingRequestsMax
};

}  // namespace tapedeck

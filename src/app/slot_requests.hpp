#pragma once

#include "app/business_rules.hpp"
#include "ports/random.hpp"
#include "ports/slot_store.hpp"

namespace tapedeck {

/// How people and webhooks ask for a slot. Thread-safe.
class SlotRequests {
 public:
  SlotRequests(SlotStore& slots, BusinessRules& rules, Random& random)
      : slots_(slots), rules_(rules), random_(random) {}

  /// A slot, or a place in the queue, by the rules of the business. To be called once the call store knows that the
  /// recording is wanted. Error kUnavailable: a store is away; the reconciliation asks again when it is back.
  [[nodiscard]] Task<Result<RequestAnswer>> ask(BusinessId business, Sid sid, Lane lane);

 private:
  SlotStore& slots_;
  BusinessRules& rules_;
  Random& random_;
};

}  // namespace tapedeck

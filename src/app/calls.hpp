#pragma once

#include "calls/businesses.hpp"
#include "calls/ports/call_list_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Calls as the host application puts them and people list them. Nothing here starts a download.
class Calls {
 public:
  Calls(CallListStore& calls, Businesses& businesses, Clock& clock)
      : calls_(calls), businesses_(businesses), clock_(clock) {}

  /// Newest first. Error: the call store's.
  [[nodiscard]] Task<Result<CallPage>> list(BusinessId business, CallQuery query);

  /// Puts a call, perhaps with its recording; durable before it returns. A recording without an account gets the
  /// business's. Another account is accepted from an operator, or from a business with credentials of its own, where
  /// the provider decides; a business on the default credentials could read others' accounts that way. Errors:
  /// kNotFound (no such business), kInvalidArgument (no account is known), kForbidden (the account is not the
  /// business's), kConflict (the recording belongs to another business).
  [[nodiscard]] Task<Result<PutOutcome>> put(BusinessId business, CallUpdate update, bool by_operator);

 private:
  CallListStore& calls_;
  Businesses& businesses_;
  Clock& clock_;
};

}  // namespace tapedeck

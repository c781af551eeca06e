#pragma once

#include "calls/businesses.hpp"
#include "calls/ports/call_list_store.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Calls as the host application tells of them and as people read them. Nothing here starts a download.
class Calls {
 public:
  Calls(CallListStore& calls, Businesses& businesses, Clock& clock)
      : calls_(calls), businesses_(businesses), clock_(clock) {}

  /// Newest first. Error: the call store's.
  [[nodiscard]] Task<Result<CallPage>> list(BusinessId business, CallQuery query);

  /// A call, and perhaps its recording; durable before it returns. A recording that names no account is of the
  /// business's. One that names another account is taken from an operator, or from a business with credentials of its
  /// own, where the provider decides; a business on the default credentials could read others' accounts that way.
  /// Errors: kNotFound (no such business), kInvalidArgument (no account is known), kForbidden (that account is not the
  /// business's), kConflict (the recording is another's already).
  [[nodiscard]] Task<Result<PutOutcome>> put(BusinessId business, CallUpdate update, bool by_operator);

 private:
  CallListStore& calls_;
  Businesses& businesses_;
  Clock& clock_;
};

}  // namespace tapedeck

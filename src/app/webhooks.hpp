#pragma once

#include "calls/ports/call_list_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "domain/event_sink.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"
#include "slots/slot_requests.hpp"

namespace tapedeck {

/// Takes in the provider's webhooks, after their signature and account were checked.
class Webhooks {
 public:
  Webhooks(RecordingStore& recordings, CallListStore& calls, SlotRequests& requests, Clock& clock, EventSink& events)
      : recordings_(recordings), calls_(calls), requests_(requests), clock_(clock), events_(events) {}

  /// A recording exists, or will not. Durable before it returns; a completed one is requested in the automatic lane. It
  /// succeeds although the slot store is away: the reconciliation asks later. Error kConflict: the recording belongs to
  /// another call.
  [[nodiscard]] Task<Result<void>> recording(BusinessId business, RecordingAnnouncement announcement);
  /// A call's data. Starts nothing.
  [[nodiscard]] Task<Result<void>> call(BusinessId business, CallUpdate update);

 private:
  RecordingStore& recordings_;
  CallListStore& calls_;
  SlotRequests& requests_;
  Clock& clock_;
  EventSink& events_;
};

}  // namespace tapedeck

#include "app/webhooks.hpp"

#include <optional>

namespace tapedeck {

Task<Result<void>> Webhooks::recording(BusinessId business, RecordingAnnouncement announcement) {
  const SystemTime now = clock_.system_now();
  // The row takes its call's SID or its own, which the call store decides. Once it has, the call's other recording must
  // not be left out of a rebuild.
  const SlotRequests::Pending pending(requests_, business, to_sid(announcement.recording));
  std::optional<SlotRequests::Pending> pending_by_call;
  pending_by_call.emplace(requests_, business, to_sid(announcement.call));
  auto announced = co_await calls_.announce(business, announcement, now);
  if (!announced) co_return fail(announced.error());
  const Recording& recording = announced->recording;
  if (recording.sid != to_sid(announcement.call)) pending_by_call.reset();
  if (!announced->changed) co_return Result<void>();

  events_.emit(Event{Severity::kInfo,
                     "",
                     "RECORDING_ANNOUNCED",
                     {{"business_id", business.str()},
                      {"sid", recording.sid.str()},
                      {"state", std::string(state_name(recording.state))}}});
  if (recording.state != RecordingState::kQueued) co_return Result<void>();
  auto asked = co_await requests_.ask(business, recording.sid, Lane::kFetch);
  (void)asked;  // durable already: the reconciliation asks again when the slot store is back
  co_return Result<void>();
}

Task<Result<void>> Webhooks::call(BusinessId business, CallUpdate update) {
  auto put = co_await calls_.put_call(business, update, clock_.system_now());
  if (!put) co_return fail(put.error());
  co_return Result<void>();
}

}  // namespace tapedeck

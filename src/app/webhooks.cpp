#include "app/webhooks.hpp"

namespace tapedeck {

Task<Result<void>> Webhooks::recording(BusinessId business, RecordingAnnouncement announcement) {
  const SystemTime now = clock_.system_now();
  auto announced = co_await calls_.announce(business, announcement, now);
  if (!announced) co_return fail(announced.error());
  const Recording& recording = announced->recording;
  if (!announced->changed) co_return Result<void>();

  events_.emit(Event{Severity::kInfo,
                     "",
                     "RECORDING_ANNOUNCED",
                     {{"business_id", business.str()},
                      {"sid", recording.sid.str()},
                      {"state", std::string(state_name(recording.state))}}});
  if (recording.state != RecordingState::kQueued) co_return Result<void>();
  const SlotRequests::Pending pending(requests_, business, recording.sid);
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

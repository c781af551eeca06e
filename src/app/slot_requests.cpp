#include "app/slot_requests.hpp"

#include "app/ask.hpp"

namespace tapedeck {

Task<Result<RequestAnswer>> SlotRequests::ask(BusinessId business, Sid sid, Lane lane) {
  auto learned = co_await rules_.learn(business);
  if (!learned) co_return fail(learned.error());
  auto answer = co_await ask_for_slot(slots_, random_, business, sid, lane);
  co_return answer;
}

}  // namespace tapedeck

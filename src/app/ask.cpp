#include "app/ask.hpp"

namespace tapedeck {

Task<Result<RequestAnswer>> ask_for_slot(SlotStore& slots, Random& random, BusinessId business, Sid sid, Lane lane) {
  const OperationId op = random.bytes(kOperationIdBytes);
  Result<RequestAnswer> answer = fail(Errc::kUnavailable, "the slot store was not asked");
  for (int tries = 0; tries < kAskTries && !answer; ++tries) {
    answer = co_await slots.request(business, sid, lane, op);
  }
  co_return answer;
}

}  // namespace tapedeck

#include "slots/slot_requests.hpp"

#include <utility>

namespace tapedeck {

SlotRequests::Intent::Intent(SlotRequests& requests, BusinessId business, Sid sid)
    : requests_(requests), wanted_(std::move(business), std::move(sid)) {
  const std::scoped_lock lock(requests_.mutex_);
  ++requests_.intents_[wanted_];
}

SlotRequests::Intent::~Intent() {
  const std::scoped_lock lock(requests_.mutex_);
  const auto found = requests_.intents_.find(wanted_);
  if (--found->second == 0) requests_.intents_.erase(found);
}

std::vector<Sid> SlotRequests::intended(const BusinessId& business) {
  std::vector<Sid> sids;
  const std::scoped_lock lock(mutex_);
  for (auto next = intents_.lower_bound({business, Sid()}); next != intents_.end(); ++next) {
    if (next->first.first != business) break;
    sids.push_back(next->first.second);
  }
  return sids;
}

Task<Result<RequestAnswer>> SlotRequests::try_ask(BusinessId business, Sid sid, Lane lane, OperationId op) {
  auto learned = co_await rules_.learn(business);
  if (!learned) co_return fail(learned.error());
  co_return co_await slots_.request(business, sid, lane, op);
}

Task<Result<RequestAnswer>> SlotRequests::ask(BusinessId business, Sid sid, Lane lane) {
  const OperationId op = random_.bytes(kOperationIdBytes);
  const SteadyTime deadline = clock_.steady_now() + kRebuildPatience;
  int tries = 0;
  bool was_rebuilt = false;
  while (true) {
    auto answer = co_await try_ask(business, sid, lane, op);
    if (answer) co_return answer;

    const bool is_lost = answer.error().errc() == Errc::kSlotsLost;
    const bool is_being_rebuilt = answer.error().errc() == Errc::kSlotsRebuilding;
    if ((!is_lost && !is_being_rebuilt && ++tries >= kAskTries) || clock_.steady_now() >= deadline) {
      co_return fail(is_lost || is_being_rebuilt ? Errc::kUnavailable : answer.error().errc(), answer.error().detail);
    }
    if (is_lost) {
      auto rebuilt = co_await rebuild(business);
      if (rebuilt && !std::exchange(was_rebuilt, true)) continue;
    }
    if (is_lost || is_being_rebuilt) co_await clock_.sleep_for(kRebuildLook, {});
  }
}

Task<Result<void>> SlotRequests::rebuild(BusinessId business) {
  auto recovered = co_await recovery_.recover(business, intended(business));
  if (!recovered) co_return fail(recovered.error());
  co_return Result<void>();
}

}  // namespace tapedeck

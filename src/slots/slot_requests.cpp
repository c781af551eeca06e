#include "slots/slot_requests.hpp"

#include <utility>

#include <fmt/format.h>

namespace tapedeck {

SlotRequests::Pending::Pending(SlotRequests& requests, BusinessId business, Sid sid)
    : requests_(requests), wanted_(std::move(business), std::move(sid)) {
  const std::scoped_lock lock(requests_.mutex_);
  is_listed_ = requests_.pending_.size() < kPendingRequestsMax || requests_.pending_.contains(wanted_);
  if (is_listed_) {
    ++requests_.pending_[wanted_];
  } else {
    ++requests_.unlisted_;
  }
}

SlotRequests::Pending::~Pending() {
  const std::scoped_lock lock(requests_.mutex_);
  if (!is_listed_) {
    --requests_.unlisted_;
    return;
  }
  const auto found = requests_.pending_.find(wanted_);
  if (--found->second == 0) requests_.pending_.erase(found);
}

Result<std::vector<Sid>> SlotRequests::pending_of(const BusinessId& business) {
  std::vector<Sid> sids;
  const std::scoped_lock lock(mutex_);
  if (unlisted_ > 0) {
    return fail(Errc::kUnavailable,
                fmt::format("more than {} requests are pending; the slots are rebuilt when there are fewer",
                            kPendingRequestsMax));
  }
  for (auto next = pending_.lower_bound({business, Sid()}); next != pending_.end(); ++next) {
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
  int attempts = 0;
  bool was_rebuilt = false;
  while (true) {
    auto answer = co_await try_ask(business, sid, lane, op);
    if (answer) co_return answer;

    const bool is_lost = answer.error().errc() == Errc::kSlotsLost;
    const bool is_being_rebuilt = answer.error().errc() == Errc::kSlotsRebuilding;
    if ((!is_lost && !is_being_rebuilt && ++attempts >= kAskAttempts) || clock_.steady_now() >= deadline) {
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
  auto pending = pending_of(business);
  if (!pending) co_return fail(pending.error());
  auto recovered = co_await recovery_.recover(business, std::move(*pending));
  if (!recovered) co_return fail(recovered.error());
  co_return Result<void>();
}

}  // namespace tapedeck

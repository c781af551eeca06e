#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "slots/redis/slot_store.hpp"

// How RedisSlotStore finds work for a worker. While there is some it is taken by one script on the connection that
// everything goes through; only who finds none waits in Redis, on a connection of its own. In a Cluster it is always
// the latter: a turn first, then the claim, on two nodes.

namespace tapedeck {
namespace {

// Unanswered claims to remember: beyond that, the sweep finds what they took.
constexpr std::size_t kUnansweredMax = 10'000;
// What Redis is told to wait at least, for zero would be for ever.
constexpr Milliseconds kPatienceMin{1};

std::string seconds_text(Milliseconds time) {
  return fmt::format("{}.{:03}", time.count() / 1'000, time.count() % 1'000);
}

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

void RedisSlotStore::note_unanswered(const LeaseId& lease, std::optional<BusinessId> business) {
  const std::scoped_lock lock(mutex_);
  if (unanswered_.size() < kUnansweredMax) unanswered_.insert_or_assign(lease, std::move(business));
}

std::optional<RedisSlotStore::Unanswered> RedisSlotStore::take_unanswered(const LeaseId& lease) {
  const std::scoped_lock lock(mutex_);
  const auto found = unanswered_.find(lease);
  if (found == unanswered_.end()) return std::nullopt;
  Unanswered asked = std::move(found->second);
  unanswered_.erase(found);
  return asked;
}

Task<Result<std::optional<RedisSlotStore::Turn>>> RedisSlotStore::next_turn(bool play_only, Milliseconds patience,
                                                                            std::stop_token stop) {
  const std::string play = keys_.ready(Lane::kPlay);
  std::vector<std::string> words{"BZPOPMIN", play};
  if (!play_only) words.push_back(keys_.ready(Lane::kFetch));
  words.push_back(seconds_text(std::max(patience, kPatienceMin)));
  auto reply = co_await client_.wait(play, std::move(words), std::max(patience, kPatienceMin), std::move(stop));
  if (!reply) co_return fail(reply.error());
  if (const redis::ReplyError* error = reply->error()) {
    co_await mend_shared_keys();
    co_return fail(Errc::kUnavailable, "Redis does not hand out work: " + error->message);
  }
  const redis::Reply::Array* words_of_turn = reply->array();
  if (words_of_turn == nullptr || words_of_turn->size() != 3) co_return std::nullopt;
  const std::string* key = (*words_of_turn)[0].text();
  const std::string* member = (*words_of_turn)[1].text();
  const std::string* score = (*words_of_turn)[2].text();
  if (key == nullptr || member == nullptr || score == nullptr) co_return std::nullopt;
  auto business = BusinessId::parse(*member);
  if (!business) co_return std::nullopt;  // somebody else wrote it; it is gone from there now
  co_return Turn{std::move(*business), *key == play ? Lane::kPlay : Lane::kFetch, *score};
}

Task<> RedisSlotStore::put_back(Turn turn) {
  const std::string key = keys_.ready(turn.lane);
  std::vector<std::string> words{"ZADD", key, "NX", turn.score, turn.business.str()};
  auto written = co_await client_.command(key, std::move(words));
  (void)written;  // else the sweep announces it again
}

Task<Result<std::optional<Claim>>> RedisSlotStore::claim_of(BusinessId business, bool play_only, LeaseId lease) {
  redis::Words words = redis::claim_words(redis::kServerClock, lease, play_only);
  auto reply = co_await change(scripts_.claim, business, std::move(words));
  Result<std::optional<ClaimAnswer>> answer = std::optional<ClaimAnswer>();
  if (reply) {
    answer = redis::parse_claim(*reply);
  } else {
    answer = fail(reply.error());
  }
  if (!answer && answer.error().errc() == Errc::kSlotsLost) {
    note_lost(business);
    co_return std::nullopt;
  }
  if (!answer) {
    note_unanswered(lease, business);
    co_return fail(answer.error());
  }
  if (!*answer) co_return std::nullopt;
  co_return Claim{std::move(business), (*answer)->sid, (*answer)->lane, std::move(lease)};
}

Task<Result<RedisSlotStore::NextClaim>> RedisSlotStore::claim_next(std::string worker, bool play_only, LeaseId lease,
                                                                   bool is_repeat) {
  redis::Words words = redis::claim_next_words(redis::kServerClock, lease, play_only, is_repeat);
  auto reply = co_await client_.evaluate(scripts_.claim_next, keys_.of_next_claim(worker), std::move(words));
  if (!reply) {
    note_unanswered(lease, std::nullopt);
    co_return fail(reply.error());
  }
  if (reply->error() != nullptr) {
    // A business that is damaged is found by the sweep, which looks at whatever was announced and not claimed.
    std::string message = reply->error()->message;
    co_await mend_shared_keys();
    co_return fail(Errc::kUnavailable, "Redis does not hand out work: " + message);
  }
  auto next = redis::parse_claim_next(*reply);
  if (!next) co_return fail(next.error());
  co_return NextClaim{next->is_nobodys_turn, claimed(*next, std::move(lease))};
}

std::optional<Claim> RedisSlotStore::claimed(const redis::NextClaimReply& next, LeaseId lease) {
  auto business = BusinessId::parse(next.business);
  if (!business) return std::nullopt;  // a hint that somebody else wrote; it is gone from there now
  if (next.is_lost) note_lost(*business);
  if (!next.answer) return std::nullopt;
  return Claim{std::move(*business), next.answer->sid, next.answer->lane, std::move(lease)};
}

Task<Result<FinishedAndClaimed>> RedisSlotStore::finish_alone(LeaseRef lease, FinishOutcome outcome) {
  auto told = co_await finish(std::move(lease), std::move(outcome));
  if (!told) co_return fail(told.error());
  FinishedAndClaimed without_claim{std::move(*told), std::nullopt};
  co_return without_claim;
}

Task<Result<FinishedAndClaimed>> RedisSlotStore::finish_and_claim(LeaseRef lease, FinishOutcome outcome,
                                                                  ClaimWish next) {
  if (keys_.is_cluster()) {
    co_return co_await finish_alone(std::move(lease), std::move(outcome));
  }
  const bool is_repeat = take_unanswered(next.lease).has_value();
  redis::Words words = redis::finish_and_claim_words(redis::kServerClock, lease, outcome, next, is_repeat);
  std::vector<std::string> keys = keys_.of_finish_and_claim(lease.business, next.worker);
  auto reply = co_await client_.evaluate(scripts_.finish_and_claim, std::move(keys), std::move(words));
  if (!reply) {
    note_unanswered(next.lease, std::nullopt);
    co_return fail(reply.error());
  }
  if (reply->error() != nullptr) {
    // Which of the two steps met something damaged, each says by itself.
    co_return co_await finish_alone(std::move(lease), std::move(outcome));
  }
  auto both = redis::parse_finish_and_claim(*reply);
  Result<FinishAnswer> told = fail(Errc::kInternal, "no answer");
  if (both) {
    told = finished(lease, std::move(both->finished));
  } else {
    told = finished(lease, fail(both.error()));
  }
  if (!told) co_return fail(told.error());
  FinishedAndClaimed answer{std::move(*told), std::nullopt};
  if (both) answer.claim = claimed(both->next, std::move(next.lease));
  co_return answer;
}

Task<Result<RedisSlotStore::NextClaim>> RedisSlotStore::claim_waiting(bool play_only, LeaseId lease,
                                                                      Milliseconds patience, std::stop_token stop) {
  auto turn = co_await next_turn(play_only, patience, stop);
  if (!turn) co_return fail(turn.error());
  if (!*turn) co_return NextClaim{};
  if (stop.stop_requested()) {
    co_await put_back(std::move(**turn));
    co_return NextClaim{};
  }
  NextClaim taken;
  auto claimed = co_await claim_of((*turn)->business, (*turn)->lane == Lane::kPlay, std::move(lease));
  if (!claimed) co_return fail(claimed.error());
  taken.claim = std::move(*claimed);
  co_return taken;
}

Task<Result<std::optional<Claim>>> RedisSlotStore::claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                         Milliseconds patience, std::stop_token stop) {
  const bool play_only = lanes == LaneFilter::kPlayOnly;
  const auto unanswered = take_unanswered(lease);
  if (unanswered && *unanswered) {
    auto again = co_await claim_of(**unanswered, play_only, lease);
    if (!again || *again) co_return again;
  }
  const SteadyTime deadline = steady_now() + patience;
  bool is_to_wait = keys_.is_cluster();
  bool is_repeat = unanswered && !*unanswered;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - steady_now());
    auto next =
        is_to_wait ? claim_waiting(play_only, lease, left, stop) : claim_next(worker, play_only, lease, is_repeat);
    auto taken = co_await std::move(next);
    if (!taken) co_return fail(taken.error());
    if (taken->claim) co_return std::move(taken->claim);
    if (steady_now() >= deadline) break;
    is_to_wait = keys_.is_cluster() || taken->is_nobodys_turn;
    is_repeat = false;
  }
  co_return std::nullopt;
}

}  // namespace tapedeck

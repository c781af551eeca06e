#include "slots/redis/slot_claims.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace tapedeck::redis {
namespace {

// Unanswered claims to remember. Of one that is forgotten the sweep finds what it took.
constexpr std::size_t kUnansweredMax = 10'000;
// Shortest wait that Redis is told, because it takes zero for no limit.
constexpr Milliseconds kPatienceMin{1};

std::string seconds_text(Milliseconds time) {
  return fmt::format("{}.{:03}", time.count() / 1'000, time.count() % 1'000);
}

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace

void SlotClaims::note_unanswered(const LeaseId& lease, Unanswered business) {
  const std::scoped_lock lock(mutex_);
  // A worker that gave its claim up never asks again: such leases must make room for new ones.
  if (unanswered_.size() >= kUnansweredMax) unanswered_.erase(unanswered_.begin());
  unanswered_.insert_or_assign(lease, std::move(business));
}

std::optional<SlotClaims::Unanswered> SlotClaims::take_unanswered(const LeaseId& lease) {
  const std::scoped_lock lock(mutex_);
  const auto found = unanswered_.find(lease);
  if (found == unanswered_.end()) return std::nullopt;
  Unanswered asked = std::move(found->second);
  unanswered_.erase(found);
  return asked;
}

Task<Result<std::optional<Turn>>> SlotClaims::next_turn(bool play_only, Milliseconds patience, std::stop_token stop) {
  const std::string play = scripts_.keys().ready(Lane::kPlay);
  std::vector<std::string> words{"BZPOPMIN", play};
  if (!play_only) words.push_back(scripts_.keys().ready(Lane::kFetch));
  words.push_back(seconds_text(std::max(patience, kPatienceMin)));
  auto reply =
      co_await scripts_.client().wait(play, std::move(words), std::max(patience, kPatienceMin), std::move(stop));
  if (!reply) co_return fail(reply.error());
  if (const ReplyError* error = reply->error()) {
    co_await scripts_.mend_shared_keys();
    co_return fail(Errc::kUnavailable, "Redis does not hand out work: " + error->message);
  }
  const Reply::Array* words_of_turn = reply->array();
  if (words_of_turn == nullptr || words_of_turn->size() != 3) co_return std::nullopt;
  const std::string* key = (*words_of_turn)[0].text();
  const std::string* member = (*words_of_turn)[1].text();
  const std::string* score = (*words_of_turn)[2].text();
  if (key == nullptr || member == nullptr || score == nullptr) co_return std::nullopt;
  auto business = BusinessId::parse(*member);
  if (!business) co_return std::nullopt;  // another program wrote it; it is gone from there now
  co_return Turn{std::move(*business), *key == play ? Lane::kPlay : Lane::kFetch, *score};
}

Task<Result<std::optional<Claim>>> SlotClaims::claim_of(BusinessId business, bool play_only, LeaseId lease) {
  Words words = claim_words(kServerClock, lease, play_only);
  auto reply = co_await scripts_.change(scripts_.scripts().claim, business, std::move(words));
  const Result<std::optional<ClaimAnswer>> answer = parsed(reply, parse_claim);
  if (!answer && answer.error().errc() == Errc::kSlotsLost) {
    scripts_.note_lost(business);
    co_return std::nullopt;
  }
  if (!answer) {
    note_unanswered(lease, business);
    co_return fail(answer.error());
  }
  if (!*answer) co_return std::nullopt;
  co_return Claim{std::move(business), (*answer)->sid, (*answer)->lane, std::move(lease)};
}

Task<Result<SlotClaims::NextClaim>> SlotClaims::claim_next(std::string worker, bool play_only, LeaseId lease,
                                                           bool is_repeat) {
  Words words = claim_next_words(kServerClock, lease, play_only, is_repeat);
  auto reply = co_await scripts_.client().evaluate(scripts_.scripts().claim_next, scripts_.keys().of_next_claim(worker),
                                                   std::move(words));
  if (!reply) {
    note_unanswered(lease, std::nullopt);
    co_return fail(reply.error());
  }
  if (reply->error() != nullptr) {
    // The sweep finds a damaged business: it looks at whatever was announced and not claimed.
    std::string message = reply->error()->message;
    co_await scripts_.mend_shared_keys();
    co_return fail(Errc::kUnavailable, "Redis does not hand out work: " + message);
  }
  auto next = parse_claim_next(*reply);
  if (!next) co_return fail(next.error());
  co_return NextClaim{next->is_nobodys_turn, claimed(*next, std::move(lease))};
}

std::optional<Claim> SlotClaims::claimed(const NextClaimReply& next, LeaseId lease) {
  auto business = BusinessId::parse(next.business);
  if (!business) return std::nullopt;  // a hint that another program wrote; it is gone from there now
  if (next.is_lost) scripts_.note_lost(*business);
  if (!next.answer) return std::nullopt;
  return Claim{std::move(*business), next.answer->sid, next.answer->lane, std::move(lease)};
}

Task<Result<SlotClaims::NextClaim>> SlotClaims::claim_waiting(bool play_only, LeaseId lease, Milliseconds patience,
                                                              std::stop_token stop) {
  auto turn = co_await next_turn(play_only, patience, stop);
  if (!turn) co_return fail(turn.error());
  if (!*turn) co_return NextClaim{};
  if (stop.stop_requested()) {
    co_await scripts_.put_back(std::move(**turn));
    co_return NextClaim{};
  }
  NextClaim taken;
  auto claimed = co_await claim_of((*turn)->business, (*turn)->lane == Lane::kPlay, std::move(lease));
  if (!claimed) co_return fail(claimed.error());
  taken.claim = std::move(*claimed);
  co_return taken;
}

Task<Result<std::optional<Claim>>> SlotClaims::claim(std::string worker, LaneFilter lanes, LeaseId lease,
                                                     Milliseconds patience, std::stop_token stop) {
  const bool play_only = lanes == LaneFilter::kPlayOnly;
  const auto unanswered = take_unanswered(lease);
  if (unanswered && *unanswered) {
    auto again = co_await claim_of(**unanswered, play_only, lease);
    if (!again || *again) co_return again;
  }
  const SteadyTime deadline = steady_now() + patience;
  bool is_to_wait = scripts_.keys().is_cluster();
  bool is_repeat = unanswered && !*unanswered;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - steady_now());
    auto next =
        is_to_wait ? claim_waiting(play_only, lease, left, stop) : claim_next(worker, play_only, lease, is_repeat);
    auto taken = co_await std::move(next);
    if (!taken) co_return fail(taken.error());
    if (taken->claim) co_return std::move(taken->claim);
    if (steady_now() >= deadline) break;
    is_to_wait = scripts_.keys().is_cluster() || taken->is_nobodys_turn;
    is_repeat = false;
  }
  co_return std::nullopt;
}

}  // namespace tapedeck::redis

#include "slots/redis/slot_store.hpp"

#include <algorithm>
#include <map>
#include <span>

#include "slots/redis/progress_text.hpp"
#include "slots/slot_events.hpp"

namespace tapedeck {
namespace {

// Leases of one business in one call, and recordings in one question: as many as Lua unpacks without trouble.
constexpr std::size_t kRenewBatch = 500;
constexpr std::size_t kKnownBatch = 1'000;
// A download that reports nothing for so long has ended.
constexpr Seconds kProgressTtl{10};

Result<void> done(const Result<redis::Reply>& reply) {
  if (!reply) return fail(reply.error());
  if (const redis::ReplyError* error = reply->error()) return fail(Errc::kUnavailable, error->message);
  return {};
}

}  // namespace

Task<Result<RequestAnswer>> RedisSlotStore::request(BusinessId business, Sid sid, Lane lane, OperationId op) {
  redis::Words words = redis::request_words(redis::kServerClock, sid, lane, op);
  auto reply = co_await scripts_.change(scripts_.scripts().request, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto answer = redis::parse_request(*reply, lane);
  if (answer) scripts_.emit(events_of(business, sid, *answer));
  co_return answer;
}

// Leases.

Task<Result<std::vector<bool>>> RedisSlotStore::renew(std::vector<LeaseRef> leases) {
  std::map<BusinessId, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < leases.size(); ++i) places[leases[i].business].push_back(i);
  std::vector<bool> held(leases.size(), false);
  for (const auto& [business, indices] : places) {
    for (std::size_t begin = 0; begin < indices.size(); begin += kRenewBatch) {
      const std::size_t end = std::min(indices.size(), begin + kRenewBatch);
      std::vector<LeaseId> ids;
      for (std::size_t i = begin; i < end; ++i) ids.push_back(leases[indices[i]].lease);
      redis::Words words = redis::renew_words(redis::kServerClock, ids);
      std::vector<std::string> keys = scripts_.keys().of_reading(business);
      auto reply = co_await scripts_.ask(scripts_.scripts().renew, business, std::move(keys), std::move(words));
      const Result<std::vector<bool>> answer = redis::parsed(reply, redis::parse_renew);
      if (!answer && answer.error().errc() == Errc::kSlotsLost) {
        scripts_.note_lost(business);  // with its leases
        continue;
      }
      if (!answer) co_return fail(answer.error());
      for (std::size_t i = begin; i < end && i - begin < answer->size(); ++i) held[indices[i]] = (*answer)[i - begin];
    }
  }
  co_return held;
}

Task<Result<FinishAnswer>> RedisSlotStore::finish(LeaseRef lease, FinishOutcome outcome) {
  redis::Words words = redis::finish_words(redis::kServerClock, lease.lease, lease.sid, outcome);
  auto reply = co_await scripts_.change(scripts_.scripts().finish, lease.business, std::move(words));
  co_return finished(lease, redis::parsed(reply, redis::parse_finish));
}

Result<FinishAnswer> RedisSlotStore::finished(const LeaseRef& lease, Result<FinishAnswer> answer) {
  if (answer) {
    scripts_.emit(events_of(lease.business, lease.sid, *answer));
  } else if (answer.error().errc() == Errc::kSlotsLost) {
    // The lease is lost with the rest: there is nothing to release.
    scripts_.note_lost(lease.business);
    answer = FinishAnswer{};
  }
  return answer;
}

Task<Result<FinishedAndClaimed>> RedisSlotStore::finish_alone(LeaseRef lease, FinishOutcome outcome) {
  auto told = co_await finish(std::move(lease), std::move(outcome));
  if (!told) co_return fail(told.error());
  FinishedAndClaimed without_claim{std::move(*told), std::nullopt};
  co_return without_claim;
}

Task<Result<FinishedAndClaimed>> RedisSlotStore::finish_and_claim(LeaseRef lease, FinishOutcome outcome,
                                                                  ClaimWish next) {
  if (scripts_.keys().is_cluster()) {
    co_return co_await finish_alone(std::move(lease), std::move(outcome));
  }
  const bool is_repeat = claims_.take_unanswered(next.lease).has_value();
  redis::Words words = redis::finish_and_claim_words(redis::kServerClock, lease, outcome, next, is_repeat);
  std::vector<std::string> keys = scripts_.keys().of_finish_and_claim(lease.business, next.worker);
  auto reply =
      co_await scripts_.client().evaluate(scripts_.scripts().finish_and_claim, std::move(keys), std::move(words));
  if (!reply) {
    claims_.note_unanswered(next.lease, std::nullopt);
    co_return fail(reply.error());
  }
  if (reply->error() != nullptr) {
    // The finish alone shows which of the two steps met the damage.
    co_return co_await finish_alone(std::move(lease), std::move(outcome));
  }
  auto both = redis::parse_finish_and_claim(*reply);
  if (!both) {
    auto told = finished(lease, fail(both.error()));
    if (!told) co_return fail(told.error());
    FinishedAndClaimed nothing{std::move(*told), std::nullopt};
    co_return nothing;
  }
  (void)finished(lease, both->finished);
  FinishedAndClaimed answer{std::move(both->finished), claims_.claimed(both->next, std::move(next.lease))};
  co_return answer;
}

// One recording, and the rules of one business.

Task<Result<CancelAnswer>> RedisSlotStore::cancel(BusinessId business, Sid sid) {
  redis::Words words = redis::cancel_words(redis::kServerClock, sid);
  auto reply = co_await scripts_.change(scripts_.scripts().cancel, business, std::move(words));
  auto answer = redis::parsed(reply, redis::parse_cancel);
  if (answer) scripts_.emit(events_of(business, answer->admitted));
  co_return answer;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::admit(const redis::Script& script, BusinessId business,
                                                          redis::Words words) {
  auto reply = co_await scripts_.change(script, business, std::move(words));
  auto admitted = redis::parsed(reply, redis::parse_admitted);
  if (admitted) scripts_.emit(events_of(business, *admitted));
  co_return admitted;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::block(BusinessId business, std::optional<SystemTime> until,
                                                          std::string why) {
  return admit(scripts_.scripts().block, std::move(business), redis::block_words(redis::kServerClock, until, why));
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::unblock(BusinessId business) {
  return admit(scripts_.scripts().unblock, std::move(business), redis::unblock_words(redis::kServerClock));
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::set_limit(BusinessId business, int limit) {
  return admit(scripts_.scripts().set_limit, std::move(business), redis::set_limit_words(redis::kServerClock, limit));
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::refill(BusinessId business, std::int64_t refill,
                                                           std::vector<Sid> sids, bool is_all) {
  return admit(scripts_.scripts().refill, std::move(business),
               redis::refill_words(redis::kServerClock, refill, sids, is_all));
}

// What changes nothing.

Task<Result<KnownAnswer>> RedisSlotStore::known(BusinessId business, std::vector<Sid> sids) {
  KnownAnswer all;
  for (std::span<const Sid> rest(sids); !rest.empty();) {
    const auto batch = rest.first(std::min(rest.size(), kKnownBatch));
    rest = rest.subspan(batch.size());
    redis::Words words = redis::known_words(redis::kServerClock, batch);
    std::vector<std::string> keys = scripts_.keys().of_reading(business);
    auto reply = co_await scripts_.ask(scripts_.scripts().known, business, std::move(keys), std::move(words));
    const auto answer = redis::parsed(reply, redis::parse_known);
    if (!answer) co_return fail(answer.error());
    if (answer->known.size() != batch.size()) co_return fail(Errc::kInternal, "Redis answered for other recordings");
    all.known.insert(all.known.end(), answer->known.begin(), answer->known.end());
    all.has_beyond = all.has_beyond || answer->has_beyond;
  }
  co_return all;
}

Task<Result<SlotStatus>> RedisSlotStore::status(BusinessId business, Sid sid) {
  redis::Words words = redis::status_words(redis::kServerClock, sid);
  std::vector<std::string> keys = scripts_.keys().of_reading(business);
  auto reply = co_await scripts_.ask(scripts_.scripts().status, business, std::move(keys), std::move(words));
  co_return redis::parsed(reply, redis::parse_status);
}

Task<Result<QueueState>> RedisSlotStore::view(BusinessId business, int most) {
  redis::Words words = redis::view_words(redis::kServerClock, static_cast<std::size_t>(std::max(most, 0)));
  std::vector<std::string> keys = scripts_.keys().of_reading(business);
  auto reply = co_await scripts_.ask(scripts_.scripts().view, business, std::move(keys), std::move(words));
  co_return redis::parsed(reply, redis::parse_view);
}

Task<Result<void>> RedisSlotStore::tell_progress(std::vector<RunningDownload> downloads) {
  for (const RunningDownload& one : downloads) {
    const std::string key = scripts_.keys().progress(one.business, one.sid);
    std::vector<std::string> words{"SET", key, redis::progress_text(one.progress), "EX",
                                   std::to_string(kProgressTtl.count())};
    auto told = co_await scripts_.client().command(key, std::move(words));
    if (!told) co_return fail(told.error());
  }
  co_return Result<void>();
}

Task<Result<std::optional<Progress>>> RedisSlotStore::progress_of(BusinessId business, Sid sid) {
  const std::string key = scripts_.keys().progress(business, sid);
  std::vector<std::string> words{"GET", key};
  auto reply = co_await scripts_.client().command(key, std::move(words));
  if (!reply) co_return fail(reply.error());
  const std::string* text = reply->text();
  co_return text != nullptr ? redis::parse_progress(*text) : std::nullopt;
}

// Rebuild.

Task<Result<bool>> RedisSlotStore::begin_recovery(BusinessId business, std::int64_t epoch, RecoverWhat what) {
  redis::Words words = redis::begin_recovery_words(redis::kServerClock, epoch, what);
  auto reply = co_await scripts_.change(scripts_.scripts().recover, business, std::move(words));
  const auto answer = redis::parsed(reply, redis::parse_recover);
  if (!answer) co_return fail(answer.error());
  co_return answer->accepted;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::recover(BusinessId business, std::int64_t epoch, int limit,
                                                            Recovered recovered, Milliseconds hold) {
  std::vector<Admitted> admitted;
  std::vector<redis::Words> chunks =
      redis::recover_words(redis::kServerClock, epoch, limit, recovered.entries, recovered.has_beyond, hold);
  for (redis::Words& chunk : chunks) {
    auto reply = co_await scripts_.change(scripts_.scripts().recover, business, std::move(chunk));
    auto answer = redis::parsed(reply, redis::parse_recover);
    if (!answer) co_return fail(answer.error());
    if (!answer->accepted) break;  // a later rebuild was faster, or this repeats the last chunk
    admitted = std::move(answer->admitted);
  }
  scripts_.emit(events_of(business, admitted));
  co_return admitted;
}

Task<Result<void>> RedisSlotStore::mark_recovered() {
  auto reply =
      co_await scripts_.client().evaluate(scripts_.scripts().recovered, scripts_.keys().of_upkeep(), redis::Words());
  co_return done(reply);
}

Task<Result<void>> RedisSlotStore::ping() {
  std::vector<std::string> words{"PING"};
  auto reply = co_await scripts_.client().command(std::string(), std::move(words));
  co_return done(reply);
}

}  // namespace tapedeck

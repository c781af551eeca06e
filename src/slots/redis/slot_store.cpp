#include "slots/redis/slot_store.hpp"

#include <algorithm>
#include <chrono>
#include <span>

#include <fmt/format.h>

#include "domain/events.hpp"
#include "slots/redis/progress_text.hpp"
#include "slots/slot_events.hpp"

namespace tapedeck {
namespace {

// Leases of one business in one call, which also is what Lua unpacks at once.
constexpr std::size_t kRenewBatch = 500;
// Recordings that are asked about in one call: as many as Lua unpacks without trouble.
constexpr std::size_t kKnownBatch = 1'000;
// Lost businesses to remember: beyond that, the reconciliation and the sweep find them.
constexpr std::size_t kLostMax = 10'000;
// A download that tells nothing for so long has ended.
constexpr Seconds kProgressTtl{10};

}  // namespace

RedisSlotStore::RedisSlotStore(redis::Client& client, EventSink& events, bool is_cluster)
    : client_(client), events_(events), keys_(is_cluster) {}

void RedisSlotStore::emit(const std::vector<Event>& events) {
  for (const Event& event : events) events_.emit(event);
}

void RedisSlotStore::note_lost(const BusinessId& business) {
  const std::scoped_lock lock(mutex_);
  if (lost_.size() < kLostMax) lost_.insert(business);
}

// Asking.

Task<Error> RedisSlotStore::inspect(BusinessId business, std::string message) {
  constexpr std::string_view kDamaged = "DAMAGED ";
  std::string what;
  if (const std::size_t at = message.find(kDamaged); at != std::string::npos) {
    const std::size_t begin = at + kDamaged.size();
    what = message.substr(begin, message.find(' ', begin) - begin) + " was changed by another program";
  } else {
    auto looked = co_await client_.evaluate(scripts_.inspect, keys_.of_reading(business), redis::Words());
    if (looked) what = fmt::format("{}", fmt::join(redis::parse_inspection(*looked), ", "));
    if (what.empty()) what = "Redis answered: " + message;
    co_await mend_shared_keys();
  }
  events_.emit(event::slots_damaged(business, what));
  co_return Error(Errc::kSlotsLost, what + "; the slots of this business must be rebuilt");
}

Task<Result<redis::Reply>> RedisSlotStore::ask(const redis::Script& script, BusinessId business,
                                               std::vector<std::string> keys, redis::Words words) {
  auto reply = co_await client_.evaluate(script, std::move(keys), std::move(words));
  if (!reply || reply->error() == nullptr) co_return reply;
  Error error = co_await inspect(std::move(business), reply->error()->message);
  co_return fail(std::move(error));
}

Task<Result<redis::Reply>> RedisSlotStore::change(const redis::Script& script, BusinessId business,
                                                  redis::Words words) {
  if (keys_.is_cluster()) {
    auto noted = co_await look_soon(business);
    if (!noted) co_return fail(noted.error());
  }
  auto reply = co_await ask(script, business, keys_.of_admission(business), std::move(words));
  if (reply && keys_.is_cluster()) co_await announce(business, redis::parse_hints(*reply));
  co_return reply;
}

// The operations that concern one recording or one business.

Task<Result<RequestAnswer>> RedisSlotStore::request(BusinessId business, Sid sid, Lane lane, OperationId op) {
  redis::Words words = redis::request_words(redis::kServerClock, sid, lane, op);
  auto reply = co_await change(scripts_.request, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto answer = redis::parse_request(*reply, lane);
  if (answer) emit(events_of(business, sid, *answer));
  co_return answer;
}

Task<Result<FinishAnswer>> RedisSlotStore::finish(LeaseRef lease, FinishOutcome outcome) {
  redis::Words words = redis::finish_words(redis::kServerClock, lease.lease, lease.sid, outcome);
  auto reply = co_await change(scripts_.finish, lease.business, std::move(words));
  if (!reply) co_return finished(lease, fail(reply.error()));
  co_return finished(lease, redis::parse_finish(*reply));
}

Result<FinishAnswer> RedisSlotStore::finished(const LeaseRef& lease, Result<FinishAnswer> answer) {
  if (answer) {
    emit(events_of(lease.business, lease.sid, *answer));
  } else if (answer.error().errc() == Errc::kSlotsLost) {
    // The lease went with the rest: there is nothing to release.
    note_lost(lease.business);
    answer = FinishAnswer{};
  }
  return answer;
}

Task<Result<CancelAnswer>> RedisSlotStore::cancel(BusinessId business, Sid sid) {
  redis::Words words = redis::cancel_words(redis::kServerClock, sid);
  auto reply = co_await change(scripts_.cancel, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto answer = redis::parse_cancel(*reply);
  if (answer) emit(events_of(business, answer->admitted));
  co_return answer;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::block(BusinessId business, std::optional<SystemTime> until,
                                                          std::string why) {
  redis::Words words = redis::block_words(redis::kServerClock, until, why);
  auto reply = co_await change(scripts_.block, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto admitted = redis::parse_admitted(*reply);
  if (admitted) emit(events_of(business, *admitted));
  co_return admitted;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::unblock(BusinessId business) {
  redis::Words words = redis::unblock_words(redis::kServerClock);
  auto reply = co_await change(scripts_.unblock, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto admitted = redis::parse_admitted(*reply);
  if (admitted) emit(events_of(business, *admitted));
  co_return admitted;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::set_limit(BusinessId business, int limit) {
  redis::Words words = redis::set_limit_words(redis::kServerClock, limit);
  auto reply = co_await change(scripts_.set_limit, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto admitted = redis::parse_admitted(*reply);
  if (admitted) emit(events_of(business, *admitted));
  co_return admitted;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::refill(BusinessId business, std::int64_t refill,
                                                           std::vector<Sid> sids, bool is_all) {
  redis::Words words = redis::refill_words(redis::kServerClock, refill, sids, is_all);
  auto reply = co_await change(scripts_.refill, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto admitted = redis::parse_admitted(*reply);
  if (admitted) emit(events_of(business, *admitted));
  co_return admitted;
}

Task<Result<KnownAnswer>> RedisSlotStore::known(BusinessId business, std::vector<Sid> sids) {
  KnownAnswer all;
  for (std::span<const Sid> rest(sids); !rest.empty();) {
    const auto batch = rest.first(std::min(rest.size(), kKnownBatch));
    rest = rest.subspan(batch.size());
    redis::Words words = redis::known_words(redis::kServerClock, batch);
    auto reply = co_await ask(scripts_.known, business, keys_.of_reading(business), std::move(words));
    if (!reply) co_return fail(reply.error());
    auto answer = redis::parse_known(*reply);
    if (!answer) co_return fail(answer.error());
    if (answer->known.size() != batch.size()) co_return fail(Errc::kInternal, "Redis answered for other recordings");
    all.known.insert(all.known.end(), answer->known.begin(), answer->known.end());
    all.has_beyond = all.has_beyond || answer->has_beyond;
  }
  co_return all;
}

Task<Result<SlotStatus>> RedisSlotStore::status(BusinessId business, Sid sid) {
  redis::Words words = redis::status_words(redis::kServerClock, sid);
  auto reply = co_await ask(scripts_.status, business, keys_.of_reading(business), std::move(words));
  if (!reply) co_return fail(reply.error());
  co_return redis::parse_status(*reply);
}

Task<Result<void>> RedisSlotStore::tell_progress(std::vector<RunningDownload> downloads) {
  for (const RunningDownload& one : downloads) {
    const std::string key = keys_.progress(one.business, one.sid);
    std::vector<std::string> words{"SET", key, redis::progress_text(one.progress), "EX",
                                   std::to_string(kProgressTtl.count())};
    auto told = co_await client_.command(key, std::move(words));
    if (!told) co_return fail(told.error());
  }
  co_return Result<void>();
}

Task<Result<std::optional<Progress>>> RedisSlotStore::progress_of(BusinessId business, Sid sid) {
  const std::string key = keys_.progress(business, sid);
  std::vector<std::string> words{"GET", key};
  auto reply = co_await client_.command(key, std::move(words));
  if (!reply) co_return fail(reply.error());
  const std::string* text = reply->text();
  co_return text != nullptr ? redis::parse_progress(*text) : std::nullopt;
}

Task<Result<BusinessView>> RedisSlotStore::view(BusinessId business, int most) {
  const auto count = static_cast<std::size_t>(std::max(most, 0));
  redis::Words words = redis::view_words(redis::kServerClock, count);
  auto reply = co_await ask(scripts_.view, business, keys_.of_reading(business), std::move(words));
  if (!reply) co_return fail(reply.error());
  co_return redis::parse_view(*reply);
}

Task<Result<bool>> RedisSlotStore::begin_recovery(BusinessId business, std::int64_t epoch, RecoverWhat what) {
  redis::Words words = redis::begin_recovery_words(redis::kServerClock, epoch, what);
  auto reply = co_await change(scripts_.recover, business, std::move(words));
  if (!reply) co_return fail(reply.error());
  auto answer = redis::parse_recover(*reply);
  if (!answer) co_return fail(answer.error());
  co_return answer->accepted;
}

Task<Result<std::vector<Admitted>>> RedisSlotStore::recover(BusinessId business, std::int64_t epoch, int limit,
                                                            Recovered recovered, Milliseconds hold) {
  std::vector<RecoveredEntry> entries;
  entries.reserve(recovered.entries.size());
  for (RecoverEntry& entry : recovered.entries) {
    entries.push_back({entry.sid, entry.lane, entry.was_processing, entry.retry_at, std::move(entry.why)});
  }
  std::vector<Admitted> admitted;
  std::vector<redis::Words> chunks =
      redis::recover_words(redis::kServerClock, epoch, limit, entries, recovered.has_beyond, hold);
  for (redis::Words& chunk : chunks) {
    auto reply = co_await change(scripts_.recover, business, std::move(chunk));
    if (!reply) co_return fail(reply.error());
    auto answer = redis::parse_recover(*reply);
    if (!answer) co_return fail(answer.error());
    if (!answer->accepted) break;  // a later recovery was faster, or this is a repeat of the last chunk
    admitted = std::move(answer->admitted);
  }
  emit(events_of(business, admitted));
  co_return admitted;
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
      auto reply = co_await ask(scripts_.renew, business, keys_.of_reading(business), std::move(words));
      Result<std::vector<bool>> answer = std::vector<bool>();
      if (reply) {
        answer = redis::parse_renew(*reply);
      } else {
        answer = fail(reply.error());
      }
      if (!answer && answer.error().errc() == Errc::kSlotsLost) {
        note_lost(business);  // with its leases
        continue;
      }
      if (!answer) co_return fail(answer.error());
      for (std::size_t i = begin; i < end && i - begin < answer->size(); ++i) held[indices[i]] = (*answer)[i - begin];
    }
  }
  co_return held;
}

Task<Result<void>> RedisSlotStore::ping() {
  std::vector<std::string> words{"PING"};
  auto reply = co_await client_.command(std::string(), std::move(words));
  if (!reply) co_return fail(reply.error());
  if (const redis::ReplyError* error = reply->error()) co_return fail(Errc::kUnavailable, error->message);
  co_return Result<void>();
}

}  // namespace tapedeck

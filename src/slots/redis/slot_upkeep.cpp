#include <chrono>

#include <fmt/format.h>

#include "domain/events.hpp"
#include "slots/redis/slot_store.hpp"
#include "slots/slot_events.hpp"

// What RedisSlotStore does so that nothing is forgotten: the sweep, and in a Cluster the hints and rec_due, which live
// on other nodes than the businesses they speak of.

namespace tapedeck {
namespace {

// Businesses taken for a sweep at once; and batches of one sweep, at most.
constexpr std::size_t kSweepBatch = 64;
constexpr std::size_t kSweepBatchesMax = 1'000;
// A business that was taken for a sweep comes again after this, should the sweeper die.
constexpr Milliseconds kPutOff{2'000};
// How long one caller may take to recover everything before another one is told to.
constexpr Milliseconds kRecoveryPatience{30'000};
// In a Cluster: a business that something happened to is looked at after this.
constexpr Milliseconds kLookSoon{2'000};

}  // namespace

// Fails when Redis is away; what is wrong with one business does not stop the others.
Task<Result<void>> RedisSlotStore::sweep_one(BusinessId business, std::int64_t put_off_until, SweepReport& report) {
  redis::Words words = redis::sweep_words(redis::kServerClock);
  auto reply = co_await ask(scripts_.sweep, business, keys_.of_admission(business), std::move(words));
  if (!reply && reply.error().errc() != Errc::kSlotsLost) co_return fail(reply.error());
  Result<redis::SweepReply> swept = redis::SweepReply();
  if (reply) {
    swept = redis::parse_sweep(*reply);
  } else {
    swept = fail(reply.error());
  }
  if (!swept) {
    if (swept.error().errc() == Errc::kSlotsLost) note_lost(business);
    co_return Result<void>();
  }
  emit(events_of(business, swept->answer));
  for (const Reclaimed& item : swept->answer.reclaimed) {
    report.reclaimed.push_back({business, item.sid, item.lane, item.gave_up});
  }
  for (const Admitted& admitted : swept->answer.admitted) report.admitted.push_back({business, admitted});
  if (swept->answer.refill > 0) report.refills.push_back({business, swept->answer.refill});
  if (keys_.is_cluster()) {
    co_await announce(business, redis::parse_hints(*reply));
    redis::Words next = redis::put_off_words(redis::kServerClock, business, put_off_until, swept->next_due);
    auto put_off = co_await client_.evaluate(scripts_.put_off, keys_.of_upkeep(), std::move(next));
    (void)put_off;  // else it is looked at sooner than needed
  }
  co_return Result<void>();
}

Task<Result<SweepReport>> RedisSlotStore::sweep() {
  SweepReport report;
  for (std::size_t batch = 0; batch < kSweepBatchesMax; ++batch) {
    redis::Words words = redis::due_words(redis::kServerClock, kSweepBatch, kPutOff, kRecoveryPatience);
    auto reply = co_await client_.evaluate(scripts_.due, keys_.of_upkeep(), std::move(words));
    Result<redis::DueReply> due = fail(Errc::kInternal, "no answer");
    if (reply) {
      due = redis::parse_due(*reply);
    } else {
      due = fail(reply.error());
    }
    if (reply && reply->error() != nullptr) co_await mend_shared_keys();
    // What was taken back so far must reach the caller, who tells the call store.
    if (!due && batch == 0) co_return fail(due.error());
    if (!due) break;
    report.everything_lost = report.everything_lost || due->everything_lost;
    bool is_redis_away = false;
    for (const std::string& member : due->businesses) {
      auto business = BusinessId::parse(member);
      if (!business) {
        std::vector<std::string> removal{"ZREM", keys_.due(), member};
        auto removed = co_await client_.command(keys_.due(), std::move(removal));
        (void)removed;
        continue;
      }
      auto swept = co_await sweep_one(*business, due->put_off_until, report);
      is_redis_away = !swept.has_value();
      if (is_redis_away) break;
    }
    if (is_redis_away || due->businesses.size() < kSweepBatch) break;
  }
  const std::scoped_lock lock(mutex_);
  report.lost.assign(lost_.begin(), lost_.end());
  lost_.clear();
  co_return report;
}

Task<> RedisSlotStore::mend_shared_keys() {
  const std::vector<std::string> keys{keys_.ready(Lane::kPlay), keys_.ready(Lane::kFetch), keys_.due()};
  for (const std::string& key : keys) {
    std::vector<std::string> question{"TYPE", key};
    auto type = co_await client_.command(key, std::move(question));
    const std::string* found = type ? type->text() : nullptr;
    if (found == nullptr || *found == "zset" || *found == "none") continue;
    std::string what = fmt::format("{} holds a {}, not a zset; it was removed", key, *found);
    events_.emit(event::slots_damaged(std::move(what)));
    std::vector<std::string> removal{"UNLINK", key};
    auto removed = co_await client_.command(key, std::move(removal));
    (void)removed;  // else the next one who meets it tries again
  }
}

Task<Result<void>> RedisSlotStore::mark_recovered() {
  auto reply = co_await client_.evaluate(scripts_.recovered, keys_.of_upkeep(), redis::Words());
  if (!reply) co_return fail(reply.error());
  if (const redis::ReplyError* error = reply->error()) co_return fail(Errc::kUnavailable, error->message);
  co_return Result<void>();
}

Task<Result<void>> RedisSlotStore::look_soon(BusinessId business) {
  redis::Words words = redis::look_soon_words(redis::kServerClock, business, kLookSoon);
  auto reply = co_await client_.evaluate(scripts_.look_soon, keys_.of_upkeep(), std::move(words));
  if (!reply) co_return fail(reply.error());
  if (reply->error() == nullptr) co_return Result<void>();
  std::string message = reply->error()->message;
  co_await mend_shared_keys();
  co_return fail(Errc::kUnavailable, std::move(message));
}

Task<> RedisSlotStore::announce(BusinessId business, redis::Hints hints) {
  // Only the order matters, so that the process's clock will do.
  const auto now = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  const std::string score = std::to_string(now.time_since_epoch().count());
  for (const Lane lane : {Lane::kPlay, Lane::kFetch}) {
    const bool is_hinted = lane == Lane::kPlay ? hints.play : hints.fetch;
    if (!is_hinted) continue;
    Turn turn{business, lane, score};
    co_await put_back(std::move(turn));
  }
}

}  // namespace tapedeck

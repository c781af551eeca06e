#include "slots/redis/slot_sweep.hpp"

#include "slots/slot_events.hpp"

namespace tapedeck::redis {
namespace {

// Businesses taken for a sweep at once; and batches of one sweep, at most.
constexpr std::size_t kSweepBatch = 64;
constexpr std::size_t kSweepBatchesMax = 1'000;
// Time after which a business that was taken comes again, should the sweeper die.
constexpr Milliseconds kPutOff{2'000};
// Time that one caller has for the rebuild of everything before another one is told to.
constexpr Milliseconds kRecoveryPatience{30'000};

}  // namespace

// Fails when Redis is away. What is wrong with one business does not stop the others.
Task<Result<void>> SlotSweep::sweep_one(BusinessId business, std::int64_t look_later_until, SweepReport& report) {
  const Keys& keys = scripts_.keys();
  Words words = sweep_words(kServerClock);
  auto reply = co_await scripts_.ask(scripts_.scripts().sweep, business, keys.of_admission(business), std::move(words));
  if (!reply && reply.error().errc() != Errc::kSlotsLost) co_return fail(reply.error());
  const Result<SweepReply> swept = parsed(reply, parse_sweep);
  if (!swept) {
    if (swept.error().errc() == Errc::kSlotsLost) scripts_.note_lost(business);
    co_return Result<void>();
  }
  scripts_.emit(events_of(business, swept->answer));
  report.add(business, swept->answer);
  if (keys.is_cluster()) {
    co_await scripts_.announce(business, parse_hints(*reply));
    Words next = look_later_words(kServerClock, business, look_later_until, swept->next_due);
    auto look_later =
        co_await scripts_.client().evaluate(scripts_.scripts().look_later, keys.of_upkeep(), std::move(next));
    (void)look_later;  // else the next sweep comes sooner than needed
  }
  co_return Result<void>();
}

Task<Result<SweepReport>> SlotSweep::run() {
  SweepReport report;
  const Keys& keys = scripts_.keys();
  for (std::size_t batch = 0; batch < kSweepBatchesMax; ++batch) {
    Words words = due_words(kServerClock, kSweepBatch, kPutOff, kRecoveryPatience);
    auto reply = co_await scripts_.client().evaluate(scripts_.scripts().due, keys.of_upkeep(), std::move(words));
    const Result<DueReply> due = parsed(reply, parse_due);
    if (reply && reply->error() != nullptr) co_await scripts_.mend_shared_keys();
    // What was reclaimed so far must reach the caller, who tells the call store.
    if (!due && batch == 0) co_return fail(due.error());
    if (!due) break;
    report.everything_lost = report.everything_lost || due->everything_lost;
    bool is_redis_away = false;
    for (const std::string& member : due->businesses) {
      auto business = BusinessId::parse(member);
      if (!business) {
        std::vector<std::string> removal{"ZREM", keys.due(), member};
        auto removed = co_await scripts_.client().command(keys.due(), std::move(removal));
        (void)removed;
        continue;
      }
      auto swept = co_await sweep_one(*business, due->look_later_until, report);
      is_redis_away = !swept.has_value();
      if (is_redis_away) break;
    }
    if (is_redis_away || due->businesses.size() < kSweepBatch) break;
  }
  report.lost = scripts_.take_lost();
  co_return report;
}

}  // namespace tapedeck::redis

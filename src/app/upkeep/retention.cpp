#include "app/upkeep/retention.hpp"

#include "domain/events.hpp"

namespace tapedeck {

Task<Result<int>> end_retentions(CallStore& calls, EventSink& events, SystemTime now) {
  for (int batch = 0; batch < kRescheduleBatchesMax; ++batch) {
    auto more = co_await calls.reschedule_deletions(kRescheduleBatch);
    if (!more) co_return fail(more.error());
    if (!*more) break;
  }
  int deleted = 0;
  for (int batch = 0; batch < kExpireBatchesMax; ++batch) {
    auto expired = co_await calls.expire(now, kExpireBatch);
    if (!expired) co_return fail(expired.error());
    for (const Recording& recording : *expired) events.emit(event::recording_expired(recording));
    deleted += static_cast<int>(expired->size());
    if (std::ssize(*expired) < kExpireBatch) break;
  }
  co_return deleted;
}

}  // namespace tapedeck

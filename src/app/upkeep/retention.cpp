#include "app/upkeep/retention.hpp"

#include "blobs/blob_removal.hpp"

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
    for (const Recording& recording : *expired) {
      events.emit({Severity::kInfo,
                   "",
                   "RECORDING_EXPIRED",
                   {{"business_id", recording.business.str()}, {"sid", recording.sid.str()}}});
    }
    deleted += static_cast<int>(expired->size());
    if (std::ssize(*expired) < kExpireBatch) break;
  }
  co_return deleted;
}

Task<Result<void>> remove_deleted(CallStore& calls, BlobStore& blobs) {
  auto rows = co_await calls.deleted_with_blob(kDeletedBatch);
  if (!rows) co_return fail(rows.error());
  Result<void> last;
  for (const Recording& row : *rows) {
    if (!row.audio) continue;
    auto removed = co_await remove_blobs(blobs, row.audio->blob_key);
    if (!removed) {
      last = fail(removed.error());
      continue;
    }
    auto forgotten = co_await calls.forget_blob(row.row_id);
    if (!forgotten) last = fail(forgotten.error());
  }
  co_return last;
}

Task<Result<void>> end_retentions_and_remove(CallStore& calls, BlobStore& blobs, EventSink& events, SystemTime now) {
  auto ended = co_await end_retentions(calls, events, now);
  if (!ended) co_return fail(ended.error());
  if (*ended == 0) co_return Result<void>();
  Result<void> removed = co_await remove_deleted(calls, blobs);
  co_return removed;
}

}  // namespace tapedeck

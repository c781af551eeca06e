#include "app/reconciliation.hpp"

#include "app/waiting_rows.hpp"

namespace tapedeck {
namespace {

// The slot store has nothing of this row. A business that it has lost altogether is rebuilt by requests.ask().
Task<Result<bool>> is_unknown(SlotStore& slots, const WaitingRecording& row) {
  auto status = co_await slots.status(row.business, row.sid);
  if (status) co_return status->place == SlotPlace::kNone;
  if (status.error().errc() == Errc::kSlotsLost) co_return true;
  co_return fail(status.error());
}

}  // namespace

Task<Result<RecoveryReport>> reconcile_slots(CallStore& calls, SlotStore& slots, SlotRequests& requests,
                                             SystemTime now) {
  RecoveryReport report;
  WaitingRows rows(calls);
  while (true) {
    auto page = co_await rows.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return report;
    for (const WaitingRecording& row : *page) {
      if (row.retry_at && *row.retry_at > now) continue;
      auto unknown = co_await is_unknown(slots, row);
      if (!unknown) co_return fail(unknown.error());
      if (!*unknown) continue;
      if (row.state == RecordingState::kProcessing) {
        auto reclaimed = co_await calls.reclaim(row.business, row.sid, std::nullopt);
        if (!reclaimed) co_return fail(reclaimed.error());
        ++report.interrupted;
      }
      auto asked = co_await requests.ask(row.business, row.sid, row.lane);
      if (!asked) co_return fail(asked.error());
      ++report.recordings;
    }
  }
}

}  // namespace tapedeck

#include "app/reconciliation.hpp"

namespace tapedeck {
namespace {

// Pages of one pass: ten million rows.
constexpr int kPagesMax = 10'000;

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
  std::int64_t after = 0;
  for (int page = 0; page < kPagesMax; ++page) {
    auto rows = co_await calls.waiting(after, kWaitingPage);
    if (!rows) co_return fail(rows.error());
    for (const WaitingRecording& row : *rows) {
      after = row.wanted_order;
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
    if (rows->size() < static_cast<std::size_t>(kWaitingPage)) break;
  }
  co_return report;
}

}  // namespace tapedeck

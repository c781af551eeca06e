#include "app/recovery.hpp"

#include <map>

namespace tapedeck {
namespace {

// Pages of one pass: ten million rows.
constexpr int kWaitingPagesMax = 10'000;

RecoverEntry entry_of(const WaitingRecording& row) {
  RecoverEntry entry{row.sid, row.lane, row.state == RecordingState::kProcessing, row.retry_at, {}};
  if (row.cause) entry.why = row.cause->detail;
  return entry;
}

}  // namespace

Task<Result<RecoveryReport>> recover_slots(CallStore& calls, SlotStore& slots, Businesses& businesses,
                                           std::int64_t epoch) {
  RecoveryReport report;
  std::map<BusinessId, std::vector<RecoverEntry>> waiting;
  std::int64_t after = 0;
  for (int page = 0; page < kWaitingPagesMax; ++page) {
    auto rows = co_await calls.waiting(after, kWaitingPage);
    if (!rows) co_return fail(rows.error());
    for (const WaitingRecording& row : *rows) {
      after = row.wanted_order;
      waiting[row.business].push_back(entry_of(row));
    }
    if (rows->size() < static_cast<std::size_t>(kWaitingPage)) break;
  }
  for (auto& [id, entries] : waiting) {
    auto business = co_await businesses.find(id);
    if (!business) co_return fail(business.error());
    if (!*business) continue;
    int interrupted = 0;
    for (RecoverEntry& entry : entries) {
      if (!entry.was_processing) continue;
      ++interrupted;
      // Its worker died with it in hand; the row says so, and counts the attempt.
      auto reclaimed = co_await calls.reclaim(id, entry.sid, std::nullopt);
      if (!reclaimed) co_return fail(reclaimed.error());
    }
    report.recordings += static_cast<int>(entries.size());
    report.interrupted += interrupted;
    ++report.businesses;
    const Milliseconds hold = interrupted > 0 ? kInterruptedHold : Milliseconds{0};
    if ((*business)->paused) {
      auto blocked = co_await slots.block(id, std::nullopt, std::string(kPausedWhy));
      if (!blocked) co_return fail(blocked.error());
    }
    auto recovered = co_await slots.recover(id, epoch, (*business)->limit, std::move(entries), hold);
    if (!recovered) co_return fail(recovered.error());
  }
  co_return report;
}

Task<Result<RecoveryReport>> reconcile_slots(CallStore& calls, SlotStore& slots, SlotRequests& requests, SystemTime now) {
  RecoveryReport report;
  std::int64_t after = 0;
  for (int page = 0; page < kWaitingPagesMax; ++page) {
    auto rows = co_await calls.waiting(after, kWaitingPage);
    if (!rows) co_return fail(rows.error());
    for (const WaitingRecording& row : *rows) {
      after = row.wanted_order;
      if (row.retry_at && *row.retry_at > now) continue;
      auto status = co_await slots.status(row.business, row.sid);
      if (!status) co_return fail(status.error());
      if (status->place != SlotPlace::kNone) continue;
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

#include "slots/reconciliation.hpp"

#include <map>

#include "calls/waiting_rows.hpp"

namespace tapedeck {
namespace {

using RowsOfBusinesses = std::map<BusinessId, std::vector<WaitingRecording>>;

// The rows of a page that the slot store should know by now.
RowsOfBusinesses due_rows(const std::vector<WaitingRecording>& page, SystemTime now) {
  RowsOfBusinesses rows;
  for (const WaitingRecording& row : page) {
    if (!row.retry_at || *row.retry_at <= now) rows[row.business].push_back(row);
  }
  return rows;
}

// The rows that the slot store does not know. requests.ask() rebuilds a business that it has lost.
Task<Result<std::vector<WaitingRecording>>> unknown_of(SlotStore& slots, BusinessId business,
                                                       std::vector<WaitingRecording> rows) {
  std::vector<Sid> sids;
  sids.reserve(rows.size());
  for (const WaitingRecording& row : rows) sids.push_back(row.sid);
  auto known = co_await slots.known(business, std::move(sids));
  if (!known && known.error().errc() == Errc::kSlotsLost) co_return rows;
  if (!known) co_return fail(known.error());
  std::vector<WaitingRecording> unknown;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool is_beyond =
        known->has_beyond && rows[i].lane == Lane::kFetch && rows[i].state == RecordingState::kQueued;
    if (!known->known[i] && !is_beyond) unknown.push_back(std::move(rows[i]));
  }
  co_return unknown;
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
    RowsOfBusinesses due = due_rows(*page, now);
    for (auto& [business, of_business] : due) {
      auto unknown = co_await unknown_of(slots, business, std::move(of_business));
      if (!unknown) co_return fail(unknown.error());
      for (const WaitingRecording& row : *unknown) {
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
}

}  // namespace tapedeck

#include "app/recovery.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <boost/asio/this_coro.hpp>

#include "app/business_rules.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {
namespace {

// Pages of one pass: ten million rows.
constexpr int kWaitingPagesMax = 10'000;

RecoverEntry entry_of(const WaitingRecording& row) {
  RecoverEntry entry{row.sid, row.lane, row.state == RecordingState::kProcessing, row.retry_at, {}};
  if (row.cause) entry.why = row.cause->detail;
  return entry;
}

int count_interrupted(const std::vector<RecoverEntry>& entries) {
  return static_cast<int>(std::ranges::count_if(entries, &RecoverEntry::was_processing));
}

// Their workers died with them in hand, or have lost their leases; the rows say so, and count the attempts.
Task<Result<void>> reclaim_interrupted(CallStore& calls, BusinessId business,
                                       const std::vector<RecoverEntry>& entries) {
  for (const RecoverEntry& entry : entries) {
    if (!entry.was_processing) continue;
    auto reclaimed = co_await calls.reclaim(business, entry.sid, std::nullopt);
    if (!reclaimed) co_return fail(reclaimed.error());
  }
  co_return Result<void>();
}

void add(RecoveryReport& sum, const RecoveryReport& one) {
  sum.recordings += one.recordings;
  sum.interrupted += one.interrupted;
  sum.businesses += one.businesses;
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
    auto reclaimed = co_await reclaim_interrupted(calls, id, entries);
    if (!reclaimed) co_return fail(reclaimed.error());
    const int interrupted = count_interrupted(entries);
    add(report, {static_cast<int>(entries.size()), interrupted, 1});
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

Task<Result<std::vector<RecoverEntry>>> SlotRecovery::entries_of(BusinessId business, std::vector<Sid> left_out) {
  std::vector<RecoverEntry> entries;
  std::int64_t after = 0;
  for (int page = 0; page < kWaitingPagesMax; ++page) {
    auto rows = co_await calls_.waiting_of(business, after, kWaitingPage);
    if (!rows) co_return fail(rows.error());
    for (const WaitingRecording& row : *rows) {
      after = row.wanted_order;
      const bool is_left_out =
          row.state == RecordingState::kQueued && std::ranges::find(left_out, row.sid) != left_out.end();
      if (!is_left_out) entries.push_back(entry_of(row));
    }
    if (rows->size() < static_cast<std::size_t>(kWaitingPage)) break;
  }
  co_return entries;
}

Task<Result<RecoveryReport>> SlotRecovery::recover(BusinessId business, std::vector<Sid> asked_next, RecoverWhat what) {
  auto epoch = co_await calls_.raise_slot_epoch(business, clock_.system_now());
  if (!epoch) co_return fail(epoch.error());
  auto begun = co_await slots_.begin_recovery(business, *epoch, what);
  if (!begun) co_return fail(begun.error());
  if (!*begun) co_return RecoveryReport{};  // somebody was faster

  // From here on, and not before, what the call store says is as new as the loss.
  businesses_.forget(business);
  auto rules = co_await businesses_.find(business);
  if (!rules) co_return fail(rules.error());
  if (!*rules) co_return RecoveryReport{};
  auto is_open = co_await calls_.has_open_attempt(business);
  if (!is_open) co_return fail(is_open.error());
  auto entries = co_await entries_of(business, std::move(asked_next));
  if (!entries) co_return fail(entries.error());
  auto reclaimed = co_await reclaim_interrupted(calls_, business, *entries);
  if (!reclaimed) co_return fail(reclaimed.error());
  if ((*rules)->paused) {
    auto blocked = co_await slots_.block(business, std::nullopt, std::string(kPausedWhy));
    if (!blocked) co_return fail(blocked.error());
  }
  const RecoveryReport report{static_cast<int>(entries->size()), count_interrupted(*entries), 1};
  const Milliseconds hold = *is_open ? hold_ : Milliseconds{0};
  auto recovered = co_await slots_.recover(business, *epoch, (*rules)->limit, std::move(*entries), hold);
  if (!recovered) co_return fail(recovered.error());
  co_return report;
}

struct SlotRecovery::Pass {
  std::vector<BusinessId> businesses;
  std::size_t next = 0;
  RecoveryReport report;
  std::optional<Error> failure;
};

Task<> SlotRecovery::rebuild_next(Pass& pass) {
  while (pass.next < pass.businesses.size()) {
    const BusinessId business = pass.businesses[pass.next++];
    auto recovered = co_await recover(business, {});
    if (recovered) add(pass.report, *recovered);
    if (!recovered && !pass.failure) pass.failure = recovered.error();
  }
}

Task<Result<RecoveryReport>> SlotRecovery::recover_all() {
  auto businesses = co_await calls_.businesses_at_work();
  if (!businesses) co_return fail(businesses.error());
  Pass pass{std::move(*businesses), 0, {}, std::nullopt};
  const auto executor = co_await boost::asio::this_coro::executor;
  TaskScope scope(executor, [&pass](std::exception_ptr) {
    pass.failure = Error(Errc::kInternal, "the rebuilding of a business broke");
  });
  for (int i = 0; i < kRebuiltAtOnce; ++i) scope.spawn(rebuild_next(pass));
  co_await scope.join();
  if (pass.failure) co_return fail(*pass.failure);
  co_return pass.report;
}

}  // namespace tapedeck

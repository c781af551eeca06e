#include "slots/recovery.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <boost/asio/this_coro.hpp>

#include "calls/waiting_rows.hpp"
#include "runtime/task_scope.hpp"
#include "slots/business_rules.hpp"

namespace tapedeck {
namespace {

// Gathers what waits of one business, and of its automatic fetches one window.
class Gathered {
 public:
  explicit Gathered(int fetch_window) : fetch_window_(fetch_window) {}

  void add(const WaitingRecording& row, SystemTime now) {
    const bool was_processing = row.state == RecordingState::kProcessing;
    const bool waits_to_fetch = row.lane == Lane::kFetch && !was_processing && row.retry_at.value_or(now) <= now;
    if (waits_to_fetch && fetches_ == fetch_window_) {
      recovered_.has_beyond = true;
      return;
    }
    if (waits_to_fetch) ++fetches_;
    RecoveredEntry entry{row.sid, row.lane, was_processing, row.retry_at, {}};
    if (row.cause) entry.why = row.cause->detail;
    recovered_.entries.push_back(std::move(entry));
  }
  [[nodiscard]] Recovered take() { return std::move(recovered_); }

 private:
  const int fetch_window_;
  Recovered recovered_;
  int fetches_ = 0;
};

void add(RecoveryReport& sum, const RecoveryReport& one) {
  sum.recordings += one.recordings;
  sum.interrupted += one.interrupted;
  sum.businesses += one.businesses;
}

// A recording that was running lost its worker, or its worker lost its lease: reclaim() writes this into the row, and
// counts the attempt.
Task<Result<RecoveryReport>> put_back(CallStore& calls, SlotStore& slots, Business rules, std::int64_t epoch,
                                      Recovered waiting, Milliseconds hold) {
  RecoveryReport report{static_cast<int>(waiting.entries.size()), 0, 1};
  for (const RecoveredEntry& entry : waiting.entries) {
    if (!entry.was_processing) continue;
    ++report.interrupted;
    auto reclaimed = co_await calls.reclaim(rules.id, entry.sid, std::nullopt);
    if (!reclaimed) co_return fail(reclaimed.error());
  }
  if (rules.paused) {
    auto blocked = co_await slots.block(rules.id, std::nullopt, std::string(kPausedWhy));
    if (!blocked) co_return fail(blocked.error());
  }
  auto recovered = co_await slots.recover(rules.id, epoch, rules.limit, std::move(waiting), hold);
  if (!recovered) co_return fail(recovered.error());
  co_return report;
}

}  // namespace

Task<Result<RecoveryReport>> recover_slots(CallStore& calls, SlotStore& slots, Businesses& businesses,
                                           std::int64_t epoch, SystemTime now) {
  RecoveryReport report;
  std::map<BusinessId, Gathered> waiting;
  WaitingRows rows(calls);
  while (true) {
    auto page = co_await rows.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) break;
    for (const WaitingRecording& row : *page) {
      waiting.try_emplace(row.business, slots.fetch_window()).first->second.add(row, now);
    }
  }
  for (auto& [id, gathered] : waiting) {
    auto rules = co_await businesses.find(id);
    if (!rules) co_return fail(rules.error());
    if (!*rules) continue;
    Recovered of_business = gathered.take();
    const bool is_interrupted = std::ranges::any_of(of_business.entries, &RecoveredEntry::was_processing);
    const Milliseconds hold = is_interrupted ? kInterruptedHold : Milliseconds{0};
    auto recovered = co_await put_back(calls, slots, std::move(**rules), epoch, std::move(of_business), hold);
    if (!recovered) co_return fail(recovered.error());
    add(report, *recovered);
  }
  co_return report;
}

Task<Result<Recovered>> SlotRecovery::waiting_of(BusinessId business, std::vector<Sid> left_out) {
  Gathered gathered(slots_.fetch_window());
  const SystemTime now = clock_.system_now();
  WaitingRows rows(calls_, business);
  while (true) {
    auto page = co_await rows.next();
    if (!page) co_return fail(page.error());
    if (page->empty()) break;
    for (const WaitingRecording& row : *page) {
      const bool is_left_out =
          row.state == RecordingState::kQueued && std::ranges::find(left_out, row.sid) != left_out.end();
      if (!is_left_out) gathered.add(row, now);
    }
  }
  co_return gathered.take();
}

Task<Result<RecoveryReport>> SlotRecovery::recover(BusinessId business, std::vector<Sid> asked_next, RecoverWhat what) {
  auto epoch = co_await calls_.raise_slot_epoch(business, clock_.system_now());
  if (!epoch) co_return fail(epoch.error());
  auto begun = co_await slots_.begin_recovery(business, *epoch, what);
  if (!begun) co_return fail(begun.error());
  if (!*begun) co_return RecoveryReport{};  // another process was faster

  // Only rows that are read from here on are as new as the loss.
  businesses_.forget(business);
  auto rules = co_await businesses_.find(business);
  if (!rules) co_return fail(rules.error());
  if (!*rules) co_return RecoveryReport{};
  auto is_open = co_await calls_.has_open_attempt(business);
  if (!is_open) co_return fail(is_open.error());
  auto waiting = co_await waiting_of(business, std::move(asked_next));
  if (!waiting) co_return fail(waiting.error());
  const Milliseconds hold = *is_open ? hold_ : Milliseconds{0};
  auto report = co_await put_back(calls_, slots_, std::move(**rules), *epoch, std::move(*waiting), hold);
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
    pass.failure = Error(Errc::kInternal, "the rebuild of a business broke");
  });
  for (int i = 0; i < kRebuiltAtOnce; ++i) scope.spawn(rebuild_next(pass));
  co_await scope.join();
  if (pass.failure) co_return fail(*pass.failure);
  co_return pass.report;
}

}  // namespace tapedeck

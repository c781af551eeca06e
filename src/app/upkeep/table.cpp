#include "app/upkeep/table.hpp"

#include <utility>

#include "app/upkeep/retention.hpp"

namespace tapedeck {
namespace {

using Stop = std::stop_token;

constexpr bool kEveryProcess = false;
constexpr bool kUnderTheLease = true;

// The intervals of the rows.
constexpr Milliseconds kReconcileEvery{30'000};
constexpr Milliseconds kSlotStoreLook{1'000};
constexpr Milliseconds kFeedEvery{1'000};
constexpr Milliseconds kWantedLook{1'000};  // `tapedeck reconcile` is noticed within this time
constexpr Milliseconds kStorageStepEvery{1'000};
constexpr Milliseconds kSourceLook{2'000};
constexpr Milliseconds kRetentionEvery{10'000};
constexpr Milliseconds kDeletedEvery{30'000};
constexpr Milliseconds kCollectUploadsEvery{6 * 60 * 60'000};
// Longest pause after failures of a task for which people wait.
constexpr Milliseconds kPromptRetry{5'000};

Task<Result<void>> collect_uploads(BlobStore& blobs, EventSink& events) {
  auto collected = co_await blobs.collect_leftovers();
  if (!collected) co_return fail(collected.error());
  if (*collected > 0) {
    events.emit({Severity::kInfo, "", "UPLOADS_COLLECTED", {{"uploads", std::int64_t{*collected}}}});
  }
  co_return Result<void>();
}

Task<Result<void>> look_after(UpkeepLease& lease) {
  (void)lease.is_held();
  co_return Result<void>();
}

void add_worker_rows(std::vector<UpkeepTask>& table, WorkerUpkeep& w) {
  const WorkerUpkeep::Dependencies& d = w.d;
  table.insert(
      table.end(),
      {
          {"lease", kUpkeepLeaseEvery, kEveryProcess, [&w](Stop) { return w.lease.renew(); }, kUpkeepLeaseEvery},
          {"lease_end", kUpkeepLeaseLook, kEveryProcess, [&w](Stop) { return look_after(w.lease); }},
          {"backlog", kBacklogEvery, kEveryProcess, [&d](Stop) { return d.backlog.count(); }},
          {"slot_store", kSlotStoreLook, kEveryProcess, [&w](Stop) { return w.slots.reconcile_on_return(); }},
          {"slots", kReconcileEvery, kUnderTheLease, [&w](Stop) { return w.slots.reconcile(); }},
          {"imports", kFeedEvery, kUnderTheLease, [&w](Stop) { return w.slots.feed_imports(); }, kPromptRetry},
          {"storage", kStorageStepEvery, kUnderTheLease, [&w](Stop stop) { return w.storage.step(std::move(stop)); }},
          {"sources", kSourceLook, kUnderTheLease, [&w](Stop stop) { return w.sources.pass(std::move(stop)); }},
          {"retention", kRetentionEvery, kUnderTheLease,
           [&d](Stop) { return end_retentions_and_remove(d.calls, d.blobs, d.events, d.clock.system_now()); }},
          {"deleted", kDeletedEvery, kUnderTheLease, [&d](Stop) { return remove_deleted(d.calls, d.blobs); }},
      });
  if (w.options.lists_provider) {
    table.push_back({"missed_webhooks", kWantedLook, kUnderTheLease,
                     [&w](Stop stop) { return w.missed.look_if_due(std::move(stop)); }});
  }
  if (w.options.collects_uploads) {
    table.push_back(
        {"uploads", kCollectUploadsEvery, kUnderTheLease, [&d](Stop) { return collect_uploads(d.blobs, d.events); }});
  }
}

}  // namespace

WorkerUpkeep::WorkerUpkeep(const Dependencies& dependencies, Options given)
    : d(dependencies),
      options(std::move(given)),
      lease(d.calls, d.clock, options.holder),
      slots({d.calls, d.slots, d.requests, d.clock, d.events}),
      missed({d.calls, d.businesses, d.listing, d.webhooks, d.clock, d.events}),
      storage({d.calls, d.blobs, d.source, d.businesses, d.requests, d.clock, d.events}),
      sources({d.calls, d.blobs, d.source, d.businesses, d.clock, d.events}) {}

std::vector<UpkeepTask> upkeep_table(BusinessRules& rules, AuditLog* audit, WorkerUpkeep* worker) {
  std::vector<UpkeepTask> table{
      {"rules", kRulesRefresh, kEveryProcess, [&rules](Stop) { return rules.refresh(); }, kPromptRetry}};
  if (audit != nullptr) {
    table.push_back({"audit", kAuditFlushInterval, kEveryProcess, [audit](Stop) { return audit->write(); }});
  }
  if (worker != nullptr) add_worker_rows(table, *worker);
  return table;
}

}  // namespace tapedeck

#include <set>
#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "app/upkeep_names.hpp"
#include "calls/businesses.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

struct ReconcileOptions {
  std::optional<std::string> business;  ///< none: the accounts of all businesses
  std::optional<std::string> since;
};

Result<std::set<AccountSid>> accounts_of(CallStore& calls, const ProviderDefaults& defaults,
                                         const std::optional<std::string>& business) {
  const auto all = run_task(calls.list_businesses());
  if (!all) return fail(all.error());
  std::set<AccountSid> accounts;
  bool is_known = !business;
  for (const Business& one : *all) {
    if (business && one.id.str() != *business) continue;
    is_known = true;
    const Business resolved = resolve(one, defaults);
    if (!resolved.account.empty()) accounts.insert(resolved.account);
  }
  if (!is_known) return fail(no_business(*business));
  return accounts;
}

// Moves the marks of the upkeep, so that a worker does its checks now and not when they are due.
Result<void> ask(CallStore& calls, const std::set<AccountSid>& accounts, std::optional<SystemTime> since,
                 SystemTime now) {
  for (const AccountSid& account : accounts) {
    auto mark = run_task(calls.find_mark(listing_mark(account)));
    if (!mark) return fail(mark.error());
    if (since) mark->cursor = format_rfc3339(*since);
    if (mark->cursor.empty()) mark->cursor = format_rfc3339(now);
    mark->finished_at.reset();
    if (auto put = run_task(calls.put_mark(listing_mark(account), *mark)); !put) return put;
  }
  for (const char* name : {kStoredRowsMark, kBlobsMark}) {
    if (auto put = run_task(calls.put_mark(name, UpkeepMark{})); !put) return put;
  }
  return run_task(calls.put_mark(kWantedMark, UpkeepMark{format_rfc3339(now), std::nullopt}));
}

Result<int> run_reconcile(CommandContext& context, const ReconcileOptions& options) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto since = parse_time_argument("--since", options.since);
  if (!since) return fail(since.error());
  const auto accounts = accounts_of(calls->store(), provider_defaults(context.settings), options.business);
  if (!accounts) return fail(accounts.error());
  const SystemTime now = context.clock.system_now();
  if (auto asked = ask(calls->store(), *accounts, *since, now); !asked) return fail(asked.error());
  const auto has_worker = run_task(calls->store().is_leased(kUpkeepLease, now));
  if (!has_worker) return fail(has_worker.error());
  const Output& output = context.output;
  if (output.json) print_json(output.out, {{"accounts", accounts->size()}, {"worker_runs", *has_worker}});
  output.err << fmt::format("requested: the lists of {} accounts, rows and blobs; {}\n", accounts->size(),
                            *has_worker ? "see WEBHOOK_MISSED and STORAGE_CHECKED in the worker's log"
                                        : "no worker runs now; the next one does it");
  return kDone;
}

}  // namespace

void add_reconcile(CommandSet& commands) {
  auto [reconcile, options] = commands.add<ReconcileOptions>(
      {"reconcile", "Make the worker check for missed recordings now, not when the check is due.",
       "  tapedeck reconcile\n  tapedeck reconcile --business dental --since 2026-11-01"},
      run_reconcile);
  reconcile.option("--business", "ID", &options.business, "List only this business's account.");
  reconcile.option("--since", "TIME", &options.since,
                   "Look for recordings made at or after this time. Default: the time when the account became known.");
}

}  // namespace tapedeck

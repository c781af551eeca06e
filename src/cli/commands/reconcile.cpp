#include "cli/commands/reconcile.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "app/upkeep_names.hpp"
#include "cli/commands/time_argument.hpp"
#include "cli/exit_code.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

struct Asked {
  int accounts = 0;
  bool has_worker = false;
};

Task<Result<std::set<AccountSid>>> accounts(BusinessStore& businesses, ProviderDefaults defaults,
                                            std::optional<std::string> business) {
  auto all = co_await businesses.list_businesses();
  if (!all) co_return fail(all.error());
  std::set<AccountSid> found;
  bool is_known = !business;
  for (const Business& one : *all) {
    if (business && one.id.str() != *business) continue;
    is_known = true;
    const Business resolved = resolve(one, defaults);
    if (!resolved.account.empty()) found.insert(resolved.account);
  }
  if (!is_known) co_return fail(Errc::kNotFound, fmt::format("no business {}; see: tapedeck business list", *business));
  co_return found;
}

Task<Result<Asked>> ask(BusinessStore& businesses, LeaseStore& leases, ProviderDefaults defaults,
                        std::optional<std::string> business, std::optional<SystemTime> since, SystemTime now) {
  auto chosen = co_await accounts(businesses, std::move(defaults), std::move(business));
  if (!chosen) co_return fail(chosen.error());
  for (const AccountSid& account : *chosen) {
    auto mark = co_await leases.find_mark(listing_mark(account));
    if (!mark) co_return fail(mark.error());
    if (since) mark->cursor = format_rfc3339(*since);
    if (mark->cursor.empty()) mark->cursor = format_rfc3339(now);
    mark->finished_at.reset();
    const UpkeepMark due = *mark;
    auto put = co_await leases.put_mark(listing_mark(account), due);
    if (!put) co_return fail(put.error());
  }
  for (const char* name : {kStoredRowsMark, kBlobsMark}) {
    const UpkeepMark anew;
    auto put = co_await leases.put_mark(name, anew);
    if (!put) co_return fail(put.error());
  }
  const UpkeepMark wanted{format_rfc3339(now), std::nullopt};
  auto put = co_await leases.put_mark(kWantedMark, wanted);
  if (!put) co_return fail(put.error());
  auto has_worker = co_await leases.is_leased(kUpkeepLease, now);
  if (!has_worker) co_return fail(has_worker.error());
  co_return Asked{static_cast<int>(chosen->size()), *has_worker};
}

}  // namespace

int ask_to_reconcile(BusinessStore& businesses, LeaseStore& leases, const ProviderDefaults& defaults,
                     const Clock& clock, const ReconcileArguments& arguments, const Output& output) {
  std::optional<SystemTime> since;
  if (arguments.since) {
    const auto time = parse_time_argument("--since", *arguments.since);
    if (!time) return fail_command(output, time.error());
    since = *time;
  }
  const auto asked = run_task(ask(businesses, leases, defaults, arguments.business, since, clock.system_now()));
  if (!asked) return fail_command(output, asked.error());
  if (output.json) {
    print_json(output.out, boost::json::object{{"accounts", asked->accounts}, {"worker_runs", asked->has_worker}});
  }
  output.err << fmt::format("asked for: the lists of {} accounts, rows and blobs; {}\n", asked->accounts,
                            asked->has_worker ? "see WEBHOOK_MISSED and STORAGE_CHECKED in the worker's log"
                                              : "no worker runs now, the next one does it");
  return kDone;
}

}  // namespace tapedeck

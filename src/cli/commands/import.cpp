#include "app/import.hpp"

#include <utility>

#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/commands/import_report.hpp"
#include "cli/interrupt.hpp"
#include "cli/view/progress.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

/// Interval between two lines of JSON.
constexpr Milliseconds kImportLineInterval{1'000};

struct ImportOptions {
  std::string business;
  std::optional<std::string> account;
  std::optional<std::string> since;
  std::optional<std::string> until;
  bool is_dry_run = false;
  bool whole_account = false;
  bool restart = false;
  bool no_wait = false;
};

Result<ImportRequest> read_request(const ImportOptions& options) {
  ImportRequest request;
  auto business = BusinessId::parse(options.business);
  if (!business) return fail(Errc::kInvalidArgument, "--business: " + business.error().detail);
  request.business = std::move(*business);
  if (options.account) {
    auto account = AccountSid::parse(*options.account);
    if (!account) return fail(Errc::kInvalidArgument, "--account: " + account.error().detail);
    request.account = std::move(*account);
  }
  const auto since = parse_time_argument("--since", options.since);
  if (!since) return fail(since.error());
  const auto until = parse_time_argument("--until", options.until);
  if (!until) return fail(until.error());
  if (*since && *until && **until <= **since) {
    return fail(Errc::kInvalidArgument, "--until must be later than --since");
  }
  request.since = *since;
  request.until = *until;
  request.dry_run = options.is_dry_run;
  request.whole_account = options.whole_account;
  request.restart = options.restart;
  request.waits = !options.no_wait;
  return request;
}

Error explained(Error error, const std::string& business) {
  if (error.errc() == Errc::kProviderUnauthorized) {
    error.detail +=
        fmt::format("; see: tapedeck doctor, and tapedeck business set {} --account-sid … --auth-token -", business);
  }
  return error;
}

// Ends when the import is done or interrupted. Standard output is for a person if it is a terminal, otherwise for a
// program: it gets lines of JSON even without --json.
Result<int> run_import(CommandContext& context, const ImportOptions& options) {
  const Interrupt interrupt;
  const auto remote = context.line.open_listing(context.settings);
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  auto request = read_request(options);
  if (!request) return fail(request.error());
  Businesses businesses(calls->store(), context.clock, provider_defaults(context.settings));
  PatientListing listing(*remote, context.clock, context.random);
  Importer importer({calls->store(), businesses, listing, context.clock});

  const Output& output = context.output;
  const bool with_json = output.json || !context.line.out_is_terminal;
  ProgressView view(with_json ? ProgressView::Form::kLines : ProgressView::Form::kBar, kImportLineInterval, output.out,
                    output.err, context.clock);
  view.begin_part();
  const Importer::Observer observer = [&](const ImportProgress& progress) {
    const bool is_total_known = progress.phase == ImportPhase::kFetching;
    view.show(import_ended(progress), is_total_known ? import_total(progress) : 0,
              [&](const Pace& pace) { return with_json ? import_line(progress, pace) : import_words(progress); });
  };
  const auto outcome = run_task(importer.run(std::move(*request), observer, interrupt.token()));
  view.clear();
  if (!outcome) return fail(explained(outcome.error(), options.business));
  report_import(*outcome, options.business, options.is_dry_run, with_json, output);
  const bool is_good = outcome->end == ImportEnd::kDone || outcome->end == ImportEnd::kListed;
  return is_good && import_failed(outcome->progress) == 0 ? kDone : kFailed;
}

}  // namespace

void add_import(CommandSet& commands) {
  auto [importing, options] =
      commands.add<ImportOptions>({.name = "import",
                                   .help = "Import a business's recordings from its provider account.",
                                   .examples = "  tapedeck import --business dental --dry-run\n"
                                               "  tapedeck import --business dental --since 2025-01-01 "
                                               "--until 2026-01-01",
                                   .shows_all_settings = true},
                                  run_import);
  importing.required("--business", "ID", &options.business, "The business.");
  importing.option("--since", "TIME", &options.since,
                   "Only recordings made at or after this time: a day in UTC, or a time (RFC 3339).");
  importing.option("--until", "TIME", &options.until, "Only recordings made before this time.");
  importing.option("--account", "AC...", &options.account,
                   "A sub-account of the business's account. Default: the business's account itself.");
  importing.flag("--dry-run", options.is_dry_run, "List and count; write nothing.");
  importing.flag("--no-wait", options.no_wait, "End when all recordings are queued, without waiting for downloads.");
  importing.flag("--restart", options.restart, "List from the beginning, not from where an earlier import stopped.");
  importing.flag("--whole-account", options.whole_account,
                 "Where several businesses share the account: also take recordings of calls that no business knows.");
}

}  // namespace tapedeck

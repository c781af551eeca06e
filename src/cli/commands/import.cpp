#include "cli/commands/import.hpp"

#include <csignal>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>

#include "app/import.hpp"
#include "cli/commands/import_view.hpp"
#include "cli/commands/time_argument.hpp"
#include "cli/exit_code.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

Result<ImportRequest> read(const ImportArguments& arguments) {
  ImportRequest request;
  auto business = BusinessId::parse(arguments.business);
  if (!business) return fail(Errc::kInvalidArgument, "--business: " + business.error().detail);
  request.business = std::move(*business);
  if (arguments.account) {
    auto account = AccountSid::parse(*arguments.account);
    if (!account) return fail(Errc::kInvalidArgument, "--account: " + account.error().detail);
    request.account = std::move(*account);
  }
  if (arguments.since) {
    const auto since = parse_time_argument("--since", *arguments.since);
    if (!since) return fail(since.error());
    request.since = *since;
  }
  if (arguments.until) {
    const auto until = parse_time_argument("--until", *arguments.until);
    if (!until) return fail(until.error());
    request.until = *until;
  }
  if (request.since && request.until && *request.until <= *request.since) {
    return fail(Errc::kInvalidArgument, "--until must be later than --since");
  }
  request.dry_run = arguments.dry_run;
  request.whole_account = arguments.whole_account;
  request.restart = arguments.restart;
  request.waits = !arguments.no_wait;
  return request;
}

// A stop that is asked for ends it between two steps. After the first signal the next one is the system's again.
Task<Result<ImportOutcome>> run_until_signal(Importer& importer, ImportRequest request, Importer::Observer observer) {
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::signal_set signals(executor, SIGINT, SIGTERM);
  std::stop_source stop;
  signals.async_wait([&signals, stop](boost::system::error_code failure, int) mutable {
    if (failure) return;
    signals.clear();
    stop.request_stop();
  });
  auto outcome = co_await importer.run(std::move(request), std::move(observer), stop.get_token());
  signals.cancel();
  co_return outcome;
}

Error explained(Error error, const std::string& business) {
  if (error.errc() == Errc::kProviderUnauthorized) {
    error.detail +=
        fmt::format("; see: tapedeck doctor, and tapedeck business set {} --account-sid … --auth-token -", business);
  }
  return error;
}

}  // namespace

int import_recordings(const ImportParts& parts, const ImportArguments& arguments, const Output& output,
                      bool is_terminal) {
  auto request = read(arguments);
  if (!request) return fail_command(output, request.error());
  PatientListing listing(parts.listing, parts.clock, parts.random);
  Importer importer(
      {parts.imports, parts.calls, parts.recordings, parts.leases, parts.businesses, listing, parts.clock});
  ImportView view(output, parts.clock, is_terminal);
  const Importer::Observer observer = [&view](const ImportProgress& progress) { view.show(progress); };
  const auto outcome = run_task(run_until_signal(importer, std::move(*request), observer));
  view.clear();
  if (!outcome) return fail_command(output, explained(outcome.error(), arguments.business));
  view.tell_end(*outcome, arguments);
  const bool is_good = outcome->end == ImportEnd::kDone || outcome->end == ImportEnd::kListed;
  return is_good && view.failed(outcome->progress) == 0 ? kDone : kFailed;
}

}  // namespace tapedeck

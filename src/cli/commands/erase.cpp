#include "app/keep.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

struct EraseOptions {
  std::string business;
  std::optional<std::string> number;  ///< none: everything
  bool is_everything = false;
  bool is_dry_run = false;
  bool is_confirmed = false;
};

void print_erasure(const ErasureReport& report, const EraseOptions& options, const Output& output) {
  if (output.json) {
    boost::json::array held;
    for (const Recording& recording : report.held) {
      held.push_back({{"sid", recording.sid.view()}, {"reason", recording.hold->reason}});
    }
    print_json(output.out, {{"business", options.business},
                            {"dry_run", options.is_dry_run},
                            {"calls", report.calls},
                            {"recordings", report.recordings},
                            {"blobs", report.blobs},
                            {"blobs_left", report.blobs_left},
                            {"held", std::move(held)}});
    return;
  }
  print_table(output.out, {{"CALLS", "RECORDINGS", "BLOBS", "HELD"},
                           {fmt::format("{}", report.calls), fmt::format("{}", report.recordings),
                            fmt::format("{}", report.blobs), fmt::format("{}", report.held.size())}});
  for (const Recording& recording : report.held) {
    output.out << "held: " << recording.sid.view() << " (" << recording.hold->reason << ")\n";
  }
}

Result<int> run_erase(CommandContext& context, const EraseOptions& options) {
  OffloadPool disk("disk", 1);
  const auto blobs = open_blob_store(context.settings, disk, context.clock, context.random);
  if (!blobs) return fail(blobs.error());
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto business = known_business(calls->store(), options.business);
  if (!business) return fail(business.error());
  Erasure erasure{business->id, {}, command_actor(), options.is_dry_run};
  if (options.number) {
    auto digits = number_digits(*options.number);
    if (!digits) return fail(Errc::kInvalidArgument, "--number: " + digits.error().detail);
    erasure.digits = std::move(*digits);
  }
  const Output& output = context.output;
  if (!options.is_dry_run && !options.is_confirmed) {
    output.err << "tapedeck: this cannot be undone: check it with --dry-run, then confirm it with --yes\n";
    return kWrongUsage;
  }
  const auto report =
      run_task(erase(calls->store(), calls->store(), blobs->store(), context.clock, std::move(erasure)));
  if (!report) return fail(report.error());
  print_erasure(*report, options, output);
  if (options.is_dry_run) {
    output.err << "dry run: nothing was erased\n";
    return kDone;
  }
  if (report->blobs_left > 0) {
    output.err << report->blobs_left << " blobs could not be removed; the server's upkeep tries again\n";
  }
  if (!report->held.empty()) output.err << "calls with a recording under a legal hold were not erased\n";
  return report->held.empty() && report->blobs_left == 0 ? kDone : kFailed;
}

}  // namespace

void add_erase(CommandSet& commands) {
  auto [erase, options] =
      commands.add<EraseOptions>({"erase", "Erase everything of a telephone number, or of a business.",
                                  "  tapedeck erase --business dental --number +14155550100 --dry-run\n"
                                  "  tapedeck erase --business dental --everything --yes"},
                                 run_erase);
  erase.required("--business", "ID", &options.business, "The business whose calls are erased.");
  CommandOptions what = erase.one_of("what", "What to erase; exactly one of these");
  what.option("--number", "+1...", &options.number, "All calls from and to this number.");
  what.flag("--everything", options.is_everything, "All calls.");
  erase.flag("--dry-run", options.is_dry_run, "Print what would be erased; erase nothing.");
  erase.flag("--yes", options.is_confirmed, "Confirm. It cannot be undone.");
}

}  // namespace tapedeck

#include "app/check_recordings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/view/progress.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

/// Read rate unless --rate is given: a small share of one disk. In megabytes (10^6) a second.
constexpr double kVerifyRateDefault = 20;
constexpr double kVerifyRateMax = 10'000;
constexpr double kBytesPerMegabyte = 1e6;
/// Interval between two lines of progress.
constexpr Milliseconds kVerifyLineInterval{5'000};

struct VerifyOptions {
  std::optional<std::string> business;  ///< none: all
  std::optional<std::string> after;     ///< "BUSINESS/SID", the last recording of an earlier run
  double rate = kVerifyRateDefault;
  bool repair = false;
};

struct VerifyPlace {
  BusinessId business;
  std::string sid;
};

Result<VerifyPlace> parse_place(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    auto business = BusinessId::parse(text.substr(0, slash));
    const auto sid = Sid::parse(text.substr(slash + 1));
    if (business && sid) return VerifyPlace{std::move(*business), sid->str()};
  }
  return fail(Errc::kInvalidArgument, "--after: expected BUSINESS/SID, as an earlier run printed it");
}

// In the order of DamageOutcome.
constexpr std::array kDamageOutcomes{"noted", "fetched again", "lost", "provider not asked"};

// Prints findings, the progress and the end of a run.
class VerifyPrinter {
 public:
  VerifyPrinter(CommandContext& context, const VerifyReport& report)
      : report_(report),
        output_(context.output),
        view_(context.line.err_is_terminal ? ProgressView::Form::kBar : ProgressView::Form::kLines, kVerifyLineInterval,
              context.output.err, context.output.err, context.clock) {}

  void damaged(const Damage& damage) {
    view_.clear();
    const Recording& recording = damage.recording;
    const char* outcome = kDamageOutcomes.at(static_cast<std::size_t>(damage.outcome));
    if (output_.json) {
      boost::json::object object{{"damaged", recording.sid.view()},
                                 {"business", recording.business.view()},
                                 {"blob", recording.audio->blob_key},
                                 {"what", damage.what},
                                 {"outcome", outcome}};
      if (!damage.why.empty()) object["why"] = damage.why;
      print_json(output_.out, object);
      return;
    }
    output_.out << fmt::format("damaged: {} {} {}: {}; {}{}{}", recording.business.view(), recording.sid.view(),
                               recording.audio->blob_key, damage.what, outcome, damage.why.empty() ? "" : ": ",
                               damage.why)
                << std::endl;
  }

  void unreadable(const Recording& recording, const Error& error) {
    view_.clear();
    output_.err << fmt::format("could not be read: {} {}: {}\n", recording.business.view(), recording.sid.view(),
                               error.detail);
  }

  void at(const BusinessId& business, const std::string& sid) {
    place_ = fmt::format("{}/{}", business.view(), sid);
    view_.show(report_.verified, 0, [this](const Pace&) {
      return fmt::format("at {}: {} verified, {} damaged", place_, report_.verified, report_.damaged);
    });
  }

  void end(std::uint64_t bytes) {
    view_.clear();
    if (output_.json) {
      print_json(output_.out, {{"verified", report_.verified},
                               {"damaged", report_.damaged},
                               {"refetched", report_.refetched},
                               {"unreadable", report_.unreadable},
                               {"bytes", bytes},
                               {"complete", report_.is_whole},
                               {"after", json_or_null(place_)}});
    } else {
      print_table(output_.out, {{"VERIFIED", "DAMAGED", "REFETCHED", "UNREADABLE", "BYTES"},
                                {fmt::format("{}", report_.verified), fmt::format("{}", report_.damaged),
                                 fmt::format("{}", report_.refetched), fmt::format("{}", report_.unreadable),
                                 fmt::format("{}", bytes)}});
    }
    if (report_.is_whole) return;
    output_.err << "stopped; to continue from here, run it again"
                << (place_.empty() ? std::string() : fmt::format(" with --after {}", place_)) << '\n';
  }

 private:
  const VerifyReport& report_;
  const Output& output_;
  ProgressView view_;
  std::string place_;
};

Result<std::vector<BusinessId>> chosen_businesses(CallStore& calls, const VerifyOptions& options,
                                                  const std::optional<VerifyPlace>& after) {
  std::vector<BusinessId> ids;
  if (options.business) {
    const auto one = known_business(calls, *options.business);
    if (!one) return fail(one.error());
    if (after && after->business != one->id) {
      return fail(Errc::kInvalidArgument, "--after names another business than --business");
    }
    ids.push_back(one->id);
    return ids;
  }
  const auto all = run_task(calls.list_businesses());
  if (!all) return fail(all.error());
  for (const Business& business : *all) {
    if (!after || business.id.view() >= after->business.view()) ids.push_back(business.id);
  }
  return ids;
}

Result<int> run_verify(CommandContext& context, const VerifyOptions& options) {
  const Interrupt interrupt;
  if (!(options.rate > 0 && options.rate <= kVerifyRateMax)) {
    return fail(Errc::kInvalidArgument, fmt::format("--rate: expected more than 0, at most {}", kVerifyRateMax));
  }
  OffloadPool disk("disk", 1);
  const auto blobs = open_blob_store(context.settings, disk, context.clock, context.random);
  if (!blobs) return fail(blobs.error());
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  std::optional<VerifyPlace> after;
  if (options.after) {
    auto place = parse_place(*options.after);
    if (!place) return fail(place.error());
    after = std::move(*place);
  }
  const auto ids = chosen_businesses(calls->store(), options, after);
  if (!ids) return fail(ids.error());

  Businesses businesses(calls->store(), context.clock, provider_defaults(context.settings));
  const auto source = context.line.open_source(context.settings);
  VerifyReport report;
  VerifyPrinter printer(context, report);
  const auto rate = static_cast<std::uint64_t>(options.rate * kBytesPerMegabyte);
  ReadPace pace(context.clock, std::max<std::uint64_t>(1, rate));
  Verification verification(
      {calls->store(), blobs->store(), options.repair ? source.get() : nullptr, businesses, context.clock, pace},
      {.damaged = [&](const Damage& damage) { printer.damaged(damage); },
       .unreadable = [&](const Recording& recording, const Error& error) { printer.unreadable(recording, error); },
       .at = [&](const BusinessId& business, const std::string& sid) { printer.at(business, sid); }});
  for (const BusinessId& id : *ids) {
    const std::string after_sid = after && after->business == id ? after->sid : "";
    const auto ran = run_task(verification.run(id, after_sid, &report, interrupt.token()));
    if (!ran) return fail(ran.error());
    if (!report.is_whole) break;
  }
  printer.end(pace.bytes());
  return report.is_whole && report.damaged == 0 && report.unreadable == 0 ? kDone : kFailed;
}

}  // namespace

void add_verify(CommandSet& commands) {
  auto [verify, options] =
      commands.add<VerifyOptions>({"verify", "Read the stored recordings back, and compare them with their hashes.",
                                   "  tapedeck verify --rate 50\n  tapedeck verify --business dental --repair"},
                                  run_verify);
  verify.option("--business", "ID", &options.business, "Only this business.");
  verify.flag("--repair", options.repair, "Fetch damaged recordings again, if the provider still has them.");
  verify.option("--rate", "MB/s", &options.rate,
                fmt::format("Most megabytes read in a second. Default: {}.", kVerifyRateDefault));
  verify.option("--after", "BUSINESS/SID", &options.after,
                "Continue after this recording, which an earlier run printed.");
}

}  // namespace tapedeck

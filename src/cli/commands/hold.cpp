#include <algorithm>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

/// Options of `hold` and `release`.
struct HoldOptions {
  std::string business;
  std::string sid;
  std::string reason;  ///< of `hold`
};

Result<void> check_reason(const std::string& reason) {
  const bool has_control = std::ranges::any_of(reason, [](unsigned char c) { return c < ' ' || c == 0x7F; });
  if (!reason.empty() && reason.size() <= kHoldReasonMax && !has_control) return {};
  return fail(Errc::kInvalidArgument, fmt::format("--reason: expected a line of 1 to {} bytes", kHoldReasonMax));
}

// `hold` none: releases.
Result<int> change_hold(CommandContext& context, const HoldOptions& options, std::optional<Hold> hold) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto business = known_business(calls->store(), options.business);
  if (!business) return fail(business.error());
  const auto sid = Sid::parse(options.sid);
  if (!sid) return fail(sid.error());
  const bool is_held = hold.has_value();
  const auto changed = run_task(calls->store().set_hold(business->id, *sid, std::move(hold)));
  if (!changed) return fail(changed.error());
  const Recording& recording = changed->recording;
  std::vector<AuditEntry> entries{{.at = context.clock.system_now(),
                                   .business = business->id,
                                   .actor = command_actor(),
                                   .action = is_held ? "hold" : "release",
                                   .sid = recording.sid.str(),
                                   .detail = options.reason}};
  const auto appended = run_task(calls->store().append_audit(std::move(entries)));
  if (!appended) return fail(appended.error());
  const Output& output = context.output;
  output.err << fmt::format("{} {}{}\n", is_held ? "held" : "released", recording.sid.view(),
                            changed->changed ? "" : " already");
  if (output.json) {
    boost::json::object object{{"sid", recording.sid.view()}, {"changed", changed->changed}};
    object["reason"] = recording.hold ? boost::json::value(recording.hold->reason) : boost::json::value();
    object["since"] = recording.hold ? boost::json::value(format_rfc3339(recording.hold->since)) : boost::json::value();
    print_json(output.out, object);
  }
  return kDone;
}

Result<int> run_hold(CommandContext& context, const HoldOptions& options) {
  if (auto good = check_reason(options.reason); !good) return fail(good.error());
  return change_hold(context, options, Hold{options.reason, context.clock.system_now()});
}

Result<int> run_release(CommandContext& context, const HoldOptions& options) {
  return change_hold(context, options, std::nullopt);
}

void add_recording_options(CommandOptions& command, HoldOptions& options) {
  command.argument("SID", &options.sid, "The recording: its call's CA..., or its own RE...");
  command.required("--business", "ID", &options.business, "The business that owns it.");
}

}  // namespace

void add_hold(CommandSet& commands) {
  auto [hold, held] = commands.add<HoldOptions>(
      {"hold", "Put a recording under a legal hold, so that nothing deletes it.",
       "  tapedeck hold CA0123456789abcdef0123456789abcdef --business dental --reason 'case 4711'"},
      run_hold);
  add_recording_options(hold, held);
  hold.required("--reason", "TEXT", &held.reason, "Why it is held.");

  auto [release, released] = commands.add<HoldOptions>(
      {"release", "End a legal hold.", "  tapedeck release CA0123456789abcdef0123456789abcdef --business dental"},
      run_release);
  add_recording_options(release, released);
}

}  // namespace tapedeck

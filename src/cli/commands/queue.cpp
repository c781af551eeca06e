#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/time.hpp"
#include "calls/businesses.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "main/slot_stores.hpp"
#include "runtime/run_task.hpp"
#include "slots/queue_json.hpp"
#include "slots/recovery.hpp"

namespace tapedeck {
namespace {

/// Most recordings that are shown of one business.
constexpr int kQueueShown = 1'000;

struct QueueOptions {
  std::optional<std::string> business;  ///< none: all that hold a slot or wait
  bool repair = false;
};

using Rows = std::vector<std::vector<std::string>>;

std::string_view place_name(const SlotStatus& status) {
  switch (status.place) {
    case SlotPlace::kNone: return "none";
    case SlotPlace::kGranted: return "granted";
    case SlotPlace::kRunning: return "running";
    case SlotPlace::kWaiting: return "waiting";
    case SlotPlace::kDelayed: return "delayed";
  }
  return "none";
}

std::string until_text(const SlotStatus& status) { return status.until ? format_rfc3339(*status.until) : ""; }

void add_rows(Rows& rows, const BusinessId& business, const QueueState& view) {
  if (!view.blocked_why.empty()) {
    const std::string until = view.blocked_until ? format_rfc3339(*view.blocked_until) : "";
    rows.push_back({business.str(), "-", "blocked", "-", until, view.blocked_why});
  }
  if (view.has_beyond) {
    const std::string why = fmt::format("more automatic fetches wait behind the first {}", view.waiting_fetch);
    rows.push_back({business.str(), "-", "more", "fetch -", "", why});
  }
  for (const QueueState::Item& item : view.items) {
    const SlotStatus& status = item.status;
    const std::string position = status.position > 0 ? std::to_string(status.position) : "-";
    rows.push_back({business.str(), item.sid.str(), std::string(place_name(status)),
                    fmt::format("{} {}", lane_name(status.lane), position), until_text(status), status.why});
  }
}

boost::json::object to_json(const BusinessId& business, const QueueState& view) {
  boost::json::object object{{"business_id", business.view()}};
  const boost::json::object queue = queue_json(view);
  object.insert(queue.begin(), queue.end());
  return object;
}

// What there is to show of one business; view none: Redis has lost it.
struct Shown {
  BusinessId business;
  std::optional<QueueState> view;
};

Result<std::vector<BusinessId>> chosen(CallStore& calls, const std::optional<std::string>& business) {
  if (!business) return run_task(calls.businesses_at_work());
  const auto known = known_business(calls, *business);
  if (!known) return fail(known.error());
  return std::vector<BusinessId>{known->id};
}

Task<Result<std::vector<Shown>>> look(SlotStore& slots, std::vector<BusinessId> businesses) {
  std::vector<Shown> shown;
  for (BusinessId& id : businesses) {
    auto view = co_await slots.view(id, kQueueShown);
    const bool is_lost = !view && view.error().errc() == Errc::kSlotsLost;
    if (!view && !is_lost) co_return fail(view.error());
    shown.push_back({std::move(id), is_lost ? std::nullopt : std::optional(std::move(*view))});
  }
  co_return shown;
}

Result<int> show_queue(CallStore& calls, SlotStore& slots, const QueueOptions& options, const Output& output) {
  auto businesses = chosen(calls, options.business);
  if (!businesses) return fail(businesses.error());
  const auto shown = run_task(look(slots, std::move(*businesses)));
  if (!shown) return fail(shown.error());
  Rows rows{{"BUSINESS", "RECORDING", "PLACE", "LANE", "UNTIL", "WHY"}};
  boost::json::array list;
  for (const auto& [id, view] : *shown) {
    if (!view) {
      rows.push_back({id.str(), "-", "lost", "-", "", "unknown to Redis now; the next request rebuilds it"});
      list.push_back(boost::json::object{{"business_id", id.view()}, {"lost", true}});
      continue;
    }
    add_rows(rows, id, *view);
    list.push_back(to_json(id, *view));
  }
  if (output.json) {
    print_json(output.out, list);
  } else if (rows.size() > 1) {
    print_table(output.out, rows);
  } else {
    output.err << "nothing holds a slot or waits\n";
  }
  return kDone;
}

// Rebuilds the business's slots from the call store, whatever they hold now.
Result<int> repair_queue(SlotRecovery& recovery, const std::string& business, const Output& output) {
  const auto id = BusinessId::parse(business);
  if (!id) return fail(id.error());
  const auto recovered = run_task(recovery.recover(*id, {}, RecoverWhat::kAnything));
  if (!recovered) return fail(recovered.error());
  output.err << fmt::format("rebuilt {}: {} recordings put back, {} of them had a worker\n", business,
                            recovered->recordings, recovered->interrupted);
  return kDone;
}

Result<int> run_queue(CommandContext& context, const QueueOptions& options) {
  const Settings& settings = context.settings;
  if (settings.redis_url.empty()) {
    return fail(Errc::kInvalidArgument,
                "without REDIS_URL the slots are in the server's memory; ask the server: GET /api/queue with a key of "
                "the business");
  }
  if (options.repair && !options.business) return fail(Errc::kInvalidArgument, "--repair needs --business ID");
  NoEvents events;
  const auto slots = open_slot_store(settings, context.clock, events, context.random);
  if (!slots) return fail(slots.error());
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  if (!options.repair) return show_queue(calls->store(), slots->store(), options, context.output);
  Businesses businesses(calls->store(), context.clock, provider_defaults(settings));
  SlotRecovery recovery(calls->store(), calls->store(), slots->store(), businesses, context.clock,
                        slots->recovery_hold);
  return repair_queue(recovery, *options.business, context.output);
}

}  // namespace

void add_queue(CommandSet& commands) {
  auto [queue, options] =
      commands.add<QueueOptions>({.name = "queue",
                                  .help = "Show who holds a slot, who waits, and why. Needs REDIS_URL.",
                                  .examples = "  tapedeck queue --business dental\n  tapedeck queue --json\n"
                                              "  tapedeck queue --business dental --repair",
                                  .shows_all_settings = true},
                                 run_queue);
  queue.option("--business", "ID", &options.business, "Show only this business.");
  queue.flag("--repair", options.repair,
             "Rebuild the business's slots from the call store. Running downloads are interrupted and repeated.");
}

}  // namespace tapedeck

#include "cli/commands/queue.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/time.hpp"
#include "cli/exit_code.hpp"
#include "runtime/run_task.hpp"
#include "slots/queue_json.hpp"

namespace tapedeck {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string_view place_name(const SlotStatus& status) {
  switch (status.place) {
    case SlotPlace::kNone:
      return "none";
    case SlotPlace::kGranted:
      return "granted";
    case SlotPlace::kRunning:
      return "running";
    case SlotPlace::kWaiting:
      return "waiting";
    case SlotPlace::kDelayed:
      return "delayed";
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

// What there is to show of one business; no view: Redis has lost it.
struct Shown {
  BusinessId business;
  std::optional<QueueState> view;
};

Task<Result<std::vector<BusinessId>>> chosen(CallStore& calls, std::optional<std::string> business) {
  if (!business) co_return co_await calls.businesses_at_work();
  auto id = BusinessId::parse(*business);
  if (!id) co_return fail(id.error());
  auto known = co_await calls.find_business(*id);
  if (!known) co_return fail(known.error());
  if (!*known) co_return fail(Errc::kNotFound, fmt::format("no business {}; see: tapedeck business list", *business));
  co_return std::vector<BusinessId>{std::move(*id)};
}

Task<Result<std::vector<Shown>>> look(CallStore& calls, SlotStore& slots, std::optional<std::string> business) {
  auto businesses = co_await chosen(calls, std::move(business));
  if (!businesses) co_return fail(businesses.error());
  std::vector<Shown> shown;
  for (BusinessId& id : *businesses) {
    auto view = co_await slots.view(id, kQueueShown);
    const bool is_lost = !view && view.error().errc() == Errc::kSlotsLost;
    if (!view && !is_lost) co_return fail(view.error());
    shown.push_back({std::move(id), is_lost ? std::nullopt : std::optional(std::move(*view))});
  }
  co_return shown;
}

}  // namespace

int show_queue(CallStore& calls, SlotStore& slots, const std::optional<std::string>& business, const Output& output) {
  const auto shown = run_task(look(calls, slots, business));
  if (!shown) return fail_command(output, shown.error());
  Rows rows{{"BUSINESS", "RECORDING", "PLACE", "LANE", "UNTIL", "WHY"}};
  boost::json::array list;
  for (const auto& [id, view] : *shown) {
    if (!view) {
      rows.push_back({id.str(), "-", "lost", "-", "", "not known to Redis now: rebuilt when next it is asked for"});
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

int repair_queue(SlotRecovery& recovery, const std::string& business, const Output& output) {
  auto id = BusinessId::parse(business);
  if (!id) return fail_command(output, id.error());
  const auto recovered = run_task(recovery.recover(*id, {}, RecoverWhat::kAnything));
  if (!recovered) return fail_command(output, recovered.error());
  output.err << fmt::format("rebuilt {}: {} recordings put back, {} of them had a worker\n", business,
                            recovered->recordings, recovered->interrupted);
  return kDone;
}

}  // namespace tapedeck

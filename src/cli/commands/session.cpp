#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "app/access.hpp"
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

struct SessionEndOptions {
  std::optional<int> id;
  std::optional<std::string> business;
  bool is_all = false;
};

Result<int> run_session_list(CommandContext& context) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto sessions = run_task(calls->store().list_sessions(context.clock.system_now()));
  if (!sessions) return fail(sessions.error());
  boost::json::array array;
  std::vector<std::vector<std::string>> rows{{"ID", "BUSINESS", "KEY", "SIGNED IN", "LAST SEEN", "EXPIRES"}};
  for (const PageSession& session : *sessions) {
    const std::string created = format_rfc3339(session.created_at);
    const std::string seen = format_rfc3339(session.seen_at);
    const std::string expires = format_rfc3339(session.expires_at);
    array.push_back(boost::json::object{{"id", session.id},
                                        {"business", json_or_null(session.business.str())},
                                        {"key_id", session.key_id == 0 ? boost::json::value(nullptr) : session.key_id},
                                        {"created_at", created},
                                        {"seen_at", seen},
                                        {"expires_at", expires}});
    rows.push_back({fmt::format("{}", session.id), session.business.empty() ? "(operator)" : session.business.str(),
                    session.key_id == 0 ? "-" : fmt::format("{}", session.key_id), created, seen, expires});
  }
  context.output.json ? print_json(context.output.out, array) : print_table(context.output.out, rows);
  return kDone;
}

bool is_meant(const PageSession& session, const SessionEndOptions& options, const BusinessId& business) {
  if (options.is_all) return true;
  if (options.id) return session.id == *options.id;
  return session.business == business;
}

Result<int> run_session_end(CommandContext& context, const SessionEndOptions& options) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto business = known_business_id(calls->store(), options.business);
  if (!business) return fail(business.error());
  const auto sessions = run_task(calls->store().list_sessions(context.clock.system_now()));
  if (!sessions) return fail(sessions.error());
  std::size_t ended = 0;
  for (const PageSession& session : *sessions) {
    if (!is_meant(session, options, *business)) continue;
    const auto end = run_task(calls->store().end_session(session.id));
    if (!end && end.error().errc() != Errc::kNotFound) return fail(end.error());
    ++ended;
  }
  if (options.id && ended == 0) {
    return fail(Errc::kNotFound, fmt::format("there is no session {}; see: tapedeck session list", *options.id));
  }
  const Output& output = context.output;
  if (output.json) print_json(output.out, boost::json::object{{"ended", ended}});
  output.err << fmt::format("ended {} sessions; a running server forgets them within {} s\n", ended,
                            std::chrono::duration_cast<Seconds>(kKeyCacheTtl).count());
  return kDone;
}

}  // namespace

void add_session(CommandSet& commands) {
  CommandSet group = commands.add_group("session", "List and end the sessions of the page.");
  group.add({"list", "List who is signed in to the page.", "  tapedeck session list --json"}, run_session_list);
  auto [ending, options] =
      group.add<SessionEndOptions>({"end", "Sign people out of the page.",
                                    "  tapedeck session end --id 12\n  tapedeck session end --business dental"},
                                   run_session_end);
  CommandOptions which = ending.one_of("which", "Which sessions; exactly one of these");
  which.option("--id", "N", &options.id, "This one; see: tapedeck session list");
  which.option("--business", "ID", &options.business, "Those of a business.");
  which.flag("--all", options.is_all, "Every one, operators' too.");
}

}  // namespace tapedeck

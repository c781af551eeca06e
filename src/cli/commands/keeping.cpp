#include "cli/commands/keeping.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "app/keep.hpp"
#include "cli/exit_code.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

constexpr std::array<std::string_view, 5> kAuditFields{"at", "actor", "action", "sid", "detail"};

std::array<std::string, 5> columns_of(const AuditEntry& entry) {
  return {format_rfc3339(entry.at), entry.actor, entry.action, entry.sid, entry.detail};
}

// A field of CSV (RFC 4180). What a spreadsheet would take for a formula is kept from it by an apostrophe.
std::string csv_field(std::string_view text) {
  std::string field = "\"";
  if (!text.empty() && std::string_view("=+-@\t").find(text.front()) != std::string_view::npos) field += '\'';
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

template <class Fields>
void print_csv(std::ostream& out, const Fields& fields) {
  std::string_view between;
  for (const auto& field : fields) {
    out << between << csv_field(field);
    between = ",";
  }
  out << "\r\n";
}

void print_entry(const AuditEntry& entry, const AuditChoice& choice, const Output& output) {
  const std::array<std::string, 5> columns = columns_of(entry);
  if (output.json) {
    boost::json::object object;
    for (std::size_t i = 0; i < columns.size(); ++i) object[kAuditFields[i]] = columns[i];
    print_json(output.out, object);
  } else if (choice.csv) {
    print_csv(output.out, columns);
  } else {
    output.out << fmt::format("{:<24}  {:<16}  {:<18}  {:<34}  {}\n", columns[0], columns[1], columns[2], columns[3],
                              columns[4]);
  }
}

Result<std::optional<SystemTime>> parse_time(std::string_view flag, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  constexpr std::size_t kDayLength = 10;
  const auto time = parse_rfc3339(text->size() == kDayLength ? *text + "T00:00:00Z" : *text);
  if (time) return *time;
  return fail(Errc::kInvalidArgument, fmt::format("{}: expected a day, as 2026-11-23, or a time, as "
                                                  "2026-11-23T12:00:00Z",
                                                  flag));
}

int set_hold(BusinessStore& businesses, KeepingStore& keeping, AuditStore& audit, Clock& clock,
             const HoldChange& change, bool is_held, const Output& output) {
  const auto business = known_business(businesses, change.business);
  if (!business) return fail_command(output, business.error());
  const auto sid = Sid::parse(change.sid);
  if (!sid) return fail_command(output, sid.error());
  const SystemTime now = clock.system_now();
  std::optional<Hold> hold;
  if (is_held) hold = Hold{change.reason, now};
  const auto changed = run_task(keeping.set_hold(*business, *sid, std::move(hold)));
  if (!changed) return fail_command(output, changed.error());
  const Recording& recording = changed->recording;
  std::vector<AuditEntry> entries{{.at = now,
                                   .business = *business,
                                   .actor = command_actor(),
                                   .action = is_held ? "hold" : "release",
                                   .sid = recording.sid.str(),
                                   .detail = change.reason}};
  const auto appended = run_task(audit.append_audit(std::move(entries)));
  if (!appended) return fail_command(output, appended.error());
  const std::string_view what = is_held ? "held" : "released";
  output.err << what << ' ' << recording.sid.view() << (changed->changed ? "" : ": it was so already") << '\n';
  if (output.json) {
    boost::json::object object{{"sid", recording.sid.view()}, {"changed", changed->changed}};
    object["reason"] = recording.hold ? boost::json::value(recording.hold->reason) : boost::json::value();
    object["since"] = recording.hold ? boost::json::value(format_rfc3339(recording.hold->since)) : boost::json::value();
    print_json(output.out, object);
  }
  return kDone;
}

void print_erasure(const ErasureReport& report, const EraseChoice& choice, const Output& output) {
  if (output.json) {
    boost::json::array held;
    for (const Recording& recording : report.held) {
      held.push_back({{"sid", recording.sid.view()}, {"reason", recording.hold->reason}});
    }
    print_json(output.out, {{"business", choice.business},
                            {"dry_run", choice.looks_only},
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

}  // namespace

Result<BusinessId> known_business(BusinessStore& businesses, const std::string& id) {
  auto parsed = BusinessId::parse(id);
  if (!parsed) return fail(parsed.error());
  const auto found = run_task(businesses.find_business(*parsed));
  if (!found) return fail(found.error());
  if (*found) return std::move(*parsed);
  return fail(Errc::kNotFound, fmt::format("there is no business {}; see: tapedeck business list", id));
}

std::string command_actor() {
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? fmt::format("command:{}", user->pw_name) : fmt::format("command:{}", ::getuid());
}

int hold_recording(BusinessStore& businesses, KeepingStore& keeping, AuditStore& audit, Clock& clock,
                   const HoldChange& change, const Output& output) {
  const bool has_control = std::ranges::any_of(change.reason, [](unsigned char c) { return c < ' ' || c == 0x7F; });
  if (change.reason.empty() || change.reason.size() > kHoldReasonMax || has_control) {
    return fail_command(output, Error(Errc::kInvalidArgument,
                                      fmt::format("--reason: expected a line of 1 to {} bytes", kHoldReasonMax)));
  }
  return set_hold(businesses, keeping, audit, clock, change, true, output);
}

int release_recording(BusinessStore& businesses, KeepingStore& keeping, AuditStore& audit, Clock& clock,
                      const HoldChange& change, const Output& output) {
  return set_hold(businesses, keeping, audit, clock, change, false, output);
}

int erase_choice(BusinessStore& businesses, CallListStore& calls, KeepingStore& keeping, BlobStore& blobs, Clock& clock,
                 const EraseChoice& choice, const Output& output) {
  const auto business = known_business(businesses, choice.business);
  if (!business) return fail_command(output, business.error());
  Erasure erasure{*business, {}, command_actor(), choice.looks_only};
  if (choice.number) {
    auto digits = number_digits(*choice.number);
    if (!digits) {
      return fail_command(output, Error(Errc::kInvalidArgument, "--number: " + digits.error().detail));
    }
    erasure.digits = std::move(*digits);
  }
  if (!choice.looks_only && !choice.is_confirmed) {
    output.err << "tapedeck: this cannot be undone: see what it is with --dry-run, then confirm it with --yes\n";
    return kWrongUsage;
  }
  const auto report = run_task(erase(calls, keeping, blobs, clock, std::move(erasure)));
  if (!report) return fail_command(output, report.error());
  print_erasure(*report, choice, output);
  if (choice.looks_only) {
    output.err << "nothing was erased: this was a dry run\n";
    return kDone;
  }
  if (report->blobs_left > 0) {
    output.err << report->blobs_left << " blobs could not be removed now; the server's upkeep tries again\n";
  }
  if (!report->held.empty()) output.err << "calls with a recording under a legal hold were left as they are\n";
  return report->held.empty() && report->blobs_left == 0 ? kDone : kFailed;
}

int export_audit(BusinessStore& businesses, AuditStore& audit, const AuditChoice& choice, const Output& output) {
  const auto business = known_business(businesses, choice.business);
  if (!business) return fail_command(output, business.error());
  const auto since = parse_time("--since", choice.since);
  if (!since) return fail_command(output, since.error());
  const auto until = parse_time("--until", choice.until);
  if (!until) return fail_command(output, until.error());
  AuditQuery query;
  query.business = *business;
  query.since = *since;
  query.until = *until;
  if (choice.csv && !output.json) print_csv(output.out, kAuditFields);
  while (true) {
    const auto page = run_task(audit.list_audit(query));
    if (!page) return fail_command(output, page.error());
    for (const AuditEntry& entry : page->entries) print_entry(entry, choice, output);
    if (!output.out) return fail_command(output, Error(Errc::kIo, "the output cannot be written"));
    if (!page->next) return kDone;
    query.cursor = page->next;
  }
}

}  // namespace tapedeck

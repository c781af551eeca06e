#include <array>
#include <string_view>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

struct AuditOptions {
  std::string business;
  std::optional<std::string> since;  ///< inclusive
  std::optional<std::string> until;  ///< exclusive
  bool is_csv = false;
};

constexpr std::array<std::string_view, 5> kAuditFields{"at", "actor", "action", "sid", "detail"};

// Quotes a field of CSV (RFC 4180). An apostrophe keeps spreadsheets from reading it as a formula.
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
  std::string_view separator;
  for (const auto& field : fields) {
    out << separator << csv_field(field);
    separator = ",";
  }
  out << "\r\n";
}

void print_entry(const AuditEntry& entry, bool is_csv, const Output& output) {
  const std::array<std::string, 5> columns{format_rfc3339(entry.at), entry.actor, entry.action, entry.sid,
                                           entry.detail};
  if (output.json) {
    boost::json::object object;
    for (std::size_t i = 0; i < columns.size(); ++i) object[kAuditFields[i]] = columns[i];
    print_json(output.out, object);
  } else if (is_csv) {
    print_csv(output.out, columns);
  } else {
    output.out << fmt::format("{:<24}  {:<16}  {:<18}  {:<34}  {}\n", columns[0], columns[1], columns[2], columns[3],
                              columns[4]);
  }
}

// Prints page by page, so that memory does not grow with the audit.
Result<int> run_audit(CommandContext& context, const AuditOptions& options) {
  const auto calls = context.open_calls();
  if (!calls) return fail(calls.error());
  const auto business = known_business(calls->store(), options.business);
  if (!business) return fail(business.error());
  const auto since = parse_time_argument("--since", options.since);
  if (!since) return fail(since.error());
  const auto until = parse_time_argument("--until", options.until);
  if (!until) return fail(until.error());
  AuditQuery query;
  query.business = business->id;
  query.since = *since;
  query.until = *until;
  const Output& output = context.output;
  if (options.is_csv && !output.json) print_csv(output.out, kAuditFields);
  while (true) {
    const auto page = run_task(calls->store().list_audit(query));
    if (!page) return fail(page.error());
    for (const AuditEntry& entry : page->entries) print_entry(entry, options.is_csv, output);
    if (!output.out) return fail(Errc::kIo, "the output cannot be written");
    if (!page->next) return kDone;
    query.cursor = page->next;
  }
}

}  // namespace

void add_audit(CommandSet& commands) {
  auto [audit, options] =
      commands.add<AuditOptions>({"audit", "Print who played, downloaded, linked, held and deleted what, oldest first.",
                                  "  tapedeck audit --business dental --since 2026-11-01 --csv > november.csv"},
                                 run_audit);
  audit.required("--business", "ID", &options.business, "The business.");
  audit.option("--since", "TIME", &options.since, "Only entries at or after this time.");
  audit.option("--until", "TIME", &options.until, "Only entries before this time.");
  audit.flag("--csv", options.is_csv, "Print CSV (RFC 4180).");
}

}  // namespace tapedeck

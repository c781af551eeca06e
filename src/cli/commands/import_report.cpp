#include "cli/commands/import_report.hpp"

#include <array>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace tapedeck {
namespace {

namespace json = boost::json;

std::int64_t stored_of(const ImportProgress& progress) { return count_in(progress.tally, {RecordingState::kStored}); }
std::int64_t waiting_of(const ImportProgress& progress) {
  return count_in(progress.tally, {RecordingState::kQueued, RecordingState::kProcessing});
}
// Deleted or cancelled after the import queued them.
std::int64_t dropped_of(const ImportProgress& progress) {
  return count_in(progress.tally, {RecordingState::kDeleted, RecordingState::kRemote});
}

std::map<std::string, std::int64_t> causes_of(const ImportProgress& progress) {
  std::map<std::string, std::int64_t> causes;
  for (const ImportTally& line : progress.tally) {
    const bool is_failed = line.state == RecordingState::kFailed || line.state == RecordingState::kAbsent;
    if (is_failed) causes[line.cause_code] += line.count;
  }
  return causes;
}

struct Skipped {
  std::string_view name;  // in JSON
  std::string_view words;
  std::int64_t count;
};

std::array<Skipped, 7> skipped_of(const ImportCounts& counts) {
  return {{{"stored_before", "stored before", counts.stored_before},
           {"waiting_before", "waiting already", counts.waiting_before},
           {"failed_before", "failed before: retry them by hand", counts.failed_before},
           {"gone", "deleted or absent", counts.gone},
           {"not_completed", "not completed yet", counts.not_completed},
           {"not_ours", "of another business, or of a call that this business does not know", counts.not_ours},
           {"unreadable", "without a call", counts.unreadable}}};
}

// In the order of ImportEnd.
constexpr std::array kEndNames{"done", "listed", "stopped", "no_worker", "paused"};

std::string end_words(ImportEnd end, const std::string& business, bool is_dry_run) {
  const std::array<std::string, kEndNames.size()> words{
      "done", is_dry_run ? "listed; nothing was written" : "all recordings are queued; workers fetch them",
      "stopped; the same command continues from here, and workers fetch what is queued",
      "all recordings are queued, but no worker runs: start tapedeck serve (with REDIS_URL: with "
      "ENABLE_SCHEDULERS=true), and it fetches them",
      "all recordings are queued, but the business is paused: tapedeck business resume " + business};
  return words.at(static_cast<std::size_t>(end));
}

json::object counts_json(const ImportProgress& progress) {
  return {{"listed", progress.import.counts.listed},
          {"queued", import_total(progress) + progress.would_queue},
          {"stored", stored_of(progress)},
          {"failed", import_failed(progress)},
          {"waiting", waiting_of(progress)}};
}

void print_counts(std::ostream& out, const ImportProgress& progress, bool is_dry_run) {
  out << fmt::format("  listed   {}\n", progress.import.counts.listed);
  if (is_dry_run) {
    out << fmt::format("  to fetch {}\n", progress.would_queue);
  } else {
    out << fmt::format("  stored   {}\n", stored_of(progress));
    if (waiting_of(progress) > 0) out << fmt::format("  waiting  {}\n", waiting_of(progress));
    if (dropped_of(progress) > 0) out << fmt::format("  dropped  {}: deleted or cancelled\n", dropped_of(progress));
    out << fmt::format("  failed   {}\n", import_failed(progress));
    for (const auto& [code, count] : causes_of(progress)) out << fmt::format("    {} {}\n", count, code);
  }
  std::int64_t skipped = 0;
  for (const Skipped& one : skipped_of(progress.import.counts)) skipped += one.count;
  out << fmt::format("  skipped  {}\n", skipped);
  for (const Skipped& one : skipped_of(progress.import.counts)) {
    if (one.count > 0) out << fmt::format("    {} {}\n", one.count, one.words);
  }
}

json::object end_json(const ImportOutcome& outcome) {
  const ImportProgress& progress = outcome.progress;
  json::object line = counts_json(progress);
  line["event"] = "end";
  line["outcome"] = kEndNames.at(static_cast<std::size_t>(outcome.end));
  line["dropped"] = dropped_of(progress);
  json::object skipped;
  for (const Skipped& one : skipped_of(progress.import.counts)) skipped[one.name] = one.count;
  line["skipped"] = std::move(skipped);
  json::object causes;
  for (const auto& [code, count] : causes_of(progress)) causes[code] = count;
  line["failed_by_cause"] = std::move(causes);
  return line;
}

}  // namespace

std::int64_t import_ended(const ImportProgress& progress) {
  return stored_of(progress) + import_failed(progress) + dropped_of(progress);
}

std::int64_t import_total(const ImportProgress& progress) { return import_ended(progress) + waiting_of(progress); }

std::int64_t import_failed(const ImportProgress& progress) {
  return count_in(progress.tally, {RecordingState::kFailed, RecordingState::kAbsent});
}

std::string import_words(const ImportProgress& progress) {
  std::string words = fmt::format("{}/{} stored", stored_of(progress), import_total(progress));
  if (import_failed(progress) > 0) words += fmt::format(", {} failed", import_failed(progress));
  if (progress.phase == ImportPhase::kListing) words += fmt::format(", {} listed", progress.import.counts.listed);
  return words;
}

std::string import_line(const ImportProgress& progress, const Pace& pace) {
  json::object line = counts_json(progress);
  line["event"] = "progress";
  line["phase"] = progress.phase == ImportPhase::kListing ? "listing" : "fetching";
  line["per_second"] = pace.per_second;
  line["seconds_left"] = pace.seconds_left ? json::value(*pace.seconds_left) : json::value();
  return json::serialize(line);
}

void report_import(const ImportOutcome& outcome, const std::string& business, bool is_dry_run, bool with_json,
                   const Output& output) {
  if (with_json) print_json(output.out, end_json(outcome));
  (with_json ? output.err : output.out) << end_words(outcome.end, business, is_dry_run) << '\n';
  if (!with_json) print_counts(output.out, outcome.progress, is_dry_run);
}

}  // namespace tapedeck

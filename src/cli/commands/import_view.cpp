#include "cli/commands/import_view.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace tapedeck {
namespace {

namespace json = boost::json;

constexpr int kBarCells = 30;

std::int64_t all_of(const ImportProgress& progress) {
  std::int64_t count = 0;
  for (const ImportTally& line : progress.tally) count += line.count;
  return count;
}
std::int64_t stored_of(const ImportProgress& progress) { return count_in(progress.tally, {RecordingState::kStored}); }
std::int64_t waiting_of(const ImportProgress& progress) {
  return count_in(progress.tally, {RecordingState::kQueued, RecordingState::kProcessing});
}
// Deleted meanwhile, or cancelled.
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

std::vector<Skipped> skipped_of(const ImportCounts& counts) {
  return {{"stored_before", "stored before", counts.stored_before},
          {"waiting_before", "waiting already", counts.waiting_before},
          {"failed_before", "failed before: retry them by hand", counts.failed_before},
          {"gone", "deleted or absent", counts.gone},
          {"not_completed", "not completed yet", counts.not_completed},
          {"not_ours", "of another business, or of a call that this one does not know", counts.not_ours},
          {"unreadable", "without a call", counts.unreadable}};
}

std::string_view end_name(ImportEnd end) {
  switch (end) {
    case ImportEnd::kDone:
      return "done";
    case ImportEnd::kListed:
      return "listed";
    case ImportEnd::kStopped:
      return "stopped";
    case ImportEnd::kNoWorker:
      return "no_worker";
    case ImportEnd::kPaused:
      return "paused";
  }
  return "done";
}

std::string end_words(const ImportOutcome& outcome, const ImportArguments& arguments) {
  const std::string& business = arguments.business;
  switch (outcome.end) {
    case ImportEnd::kDone:
      return "done";
    case ImportEnd::kListed:
      return arguments.dry_run ? "listed; nothing was written down" : "all is written down; workers fetch it";
    case ImportEnd::kStopped:
      return "stopped; the same command goes on from here, and what is written down is fetched meanwhile";
    case ImportEnd::kNoWorker:
      return "all is written down, and no worker runs: start tapedeck serve (with REDIS_URL: one with "
             "ENABLE_SCHEDULERS=true), and it fetches it";
    case ImportEnd::kPaused:
      return fmt::format("all is written down, and the business is paused: tapedeck business resume {}", business);
  }
  return "";
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

json::object counts_json(const ImportProgress& progress) {
  return {{"listed", progress.import.counts.listed},
          {"queued", all_of(progress) + progress.would_queue},
          {"stored", stored_of(progress)},
          {"failed", ImportView::failed(progress)},
          {"waiting", waiting_of(progress)}};
}

}  // namespace

std::int64_t ImportView::failed(const ImportProgress& progress) {
  return count_in(progress.tally, {RecordingState::kFailed, RecordingState::kAbsent});
}

ImportView::Pace ImportView::pace_of(const ImportProgress& progress) {
  const SteadyTime now = clock_.steady_now();
  const std::int64_t ended = stored_of(progress) + failed(progress);
  if (!first_at_) {
    first_at_ = now;
    first_ended_ = ended;
  }
  Pace pace;
  const double seconds = std::chrono::duration<double>(now - *first_at_).count();
  if (seconds > 0) pace.per_second = static_cast<double>(std::max<std::int64_t>(0, ended - first_ended_)) / seconds;
  const bool is_known = progress.phase == ImportPhase::kFetching && pace.per_second > 0;
  if (is_known) pace.seconds_left = static_cast<double>(waiting_of(progress)) / pace.per_second;
  return pace;
}

void ImportView::show(const ImportProgress& progress) {
  const Pace pace = pace_of(progress);
  const SteadyTime now = clock_.steady_now();
  if (shown_at_ && now - *shown_at_ < (is_bar_ ? kImportBarEvery : kImportLineEvery)) return;
  shown_at_ = now;
  if (!is_bar_) {
    json::object line = counts_json(progress);
    line["event"] = "progress";
    line["phase"] = progress.phase == ImportPhase::kListing ? "listing" : "fetching";
    line["per_second"] = pace.per_second;
    line["seconds_left"] = pace.seconds_left ? json::value(*pace.seconds_left) : json::value();
    print_json(output_.out, line);
    output_.out.flush();
    return;
  }
  const std::int64_t all = all_of(progress);
  const std::int64_t ended = stored_of(progress) + failed(progress) + dropped_of(progress);
  const auto cells = all == 0 ? 0 : static_cast<std::size_t>(kBarCells * ended / all);
  std::string bar = fmt::format("[{}{}] {}/{} stored", std::string(cells, '#'), std::string(kBarCells - cells, '.'),
                                stored_of(progress), all);
  if (failed(progress) > 0) bar += fmt::format(", {} failed", failed(progress));
  if (progress.phase == ImportPhase::kListing) bar += fmt::format(", {} listed", progress.import.counts.listed);
  bar += fmt::format(", {:.1f}/s", pace.per_second);
  if (pace.seconds_left) bar += fmt::format(", {} left", duration_text(*pace.seconds_left));
  const std::size_t before = std::exchange(drawn_, bar.size());
  if (bar.size() < before) bar.append(before - bar.size(), ' ');
  output_.out << '\r' << bar << std::flush;
}

void ImportView::clear() {
  if (drawn_ > 0) output_.out << '\r' << std::string(std::exchange(drawn_, 0), ' ') << '\r' << std::flush;
}

void ImportView::tell_end(const ImportOutcome& outcome, const ImportArguments& arguments) {
  if (is_bar_) {
    tell_in_words(outcome, arguments);
  } else {
    tell_in_json(outcome);
    output_.err << end_words(outcome, arguments) << '\n';
  }
}

void ImportView::tell_in_words(const ImportOutcome& outcome, const ImportArguments& arguments) const {
  const ImportProgress& progress = outcome.progress;
  std::ostream& out = output_.out;
  out << end_words(outcome, arguments) << '\n';
  out << fmt::format("  listed   {}\n", progress.import.counts.listed);
  if (arguments.dry_run) {
    out << fmt::format("  to fetch {}\n", progress.would_queue);
  } else {
    out << fmt::format("  stored   {}\n", stored_of(progress));
    if (waiting_of(progress) > 0) out << fmt::format("  waiting  {}\n", waiting_of(progress));
    if (dropped_of(progress) > 0)
      out << fmt::format("  dropped  {}: deleted or cancelled since\n", dropped_of(progress));
    out << fmt::format("  failed   {}\n", failed(progress));
    for (const auto& [code, count] : causes_of(progress)) out << fmt::format("    {} {}\n", count, code);
  }
  std::int64_t skipped = 0;
  for (const Skipped& one : skipped_of(progress.import.counts)) skipped += one.count;
  out << fmt::format("  skipped  {}\n", skipped);
  for (const Skipped& one : skipped_of(progress.import.counts)) {
    if (one.count > 0) out << fmt::format("    {} {}\n", one.count, one.words);
  }
}

void ImportView::tell_in_json(const ImportOutcome& outcome) const {
  const ImportProgress& progress = outcome.progress;
  json::object line = counts_json(progress);
  line["event"] = "end";
  line["outcome"] = end_name(outcome.end);
  line["dropped"] = dropped_of(progress);
  json::object skipped;
  for (const Skipped& one : skipped_of(progress.import.counts)) skipped[one.name] = one.count;
  line["skipped"] = std::move(skipped);
  json::object causes;
  for (const auto& [code, count] : causes_of(progress)) causes[code] = count;
  line["failed_by_cause"] = std::move(causes);
  print_json(output_.out, line);
}

}  // namespace tapedeck

#include "cli/commands/migrate_report.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/exit_code.hpp"
#include "cli/view/copy_view.hpp"
#include "runtime/run_task.hpp"

namespace tapedeck {
namespace {

boost::json::object json_of(const MigrationOutcome& outcome) {
  boost::json::array tables;
  for (const TableOutcome& table : outcome.tables) {
    tables.push_back({{"table", archive_shape(table.table).name},
                      {"rows", table.rows},
                      {"differed", table.copied + table.surplus},
                      {"source_sha256", table.source_sha256},
                      {"copy_sha256", table.copy_sha256}});
  }
  boost::json::object all{{"outcome", outcome.finished ? "finished" : "copied"},
                          {"agrees", outcome.agrees},
                          {"passes", outcome.passes},
                          {"rows_copied", outcome.rows_copied},
                          {"rows_removed", outcome.rows_removed},
                          {"blobs_copied", outcome.blobs_copied},
                          {"tables", std::move(tables)}};
  if (!outcome.blobs) return all;
  const BlobOutcome& blobs = *outcome.blobs;
  all["blobs"] = {{"blobs", blobs.blobs},
                  {"bytes", blobs.bytes},
                  {"damaged", blobs.damaged},
                  {"missing", blobs.missing},
                  {"named", boost::json::array(blobs.named.begin(), blobs.named.end())}};
  return all;
}

void print(const MigrationOutcome& outcome, const Output& output) {
  if (!outcome.tables.empty()) {
    std::vector<std::vector<std::string>> rows{{"TABLE", "ROWS", "SHA-256 OF THE COPY"}};
    for (const TableOutcome& table : outcome.tables) {
      rows.push_back({std::string(archive_shape(table.table).name), std::to_string(table.rows),
                      table.source_sha256 == table.copy_sha256 ? table.copy_sha256 : "differed; updated in this pass"});
    }
    print_table(output.out, rows);
  }
  if (outcome.blobs) {
    output.out << fmt::format("recordings stored: {} ({})\n", outcome.blobs->blobs, bytes_text(outcome.blobs->bytes));
  }
  output.out << fmt::format("copied in {} passes: {} rows, {} recordings\n", outcome.passes, outcome.rows_copied,
                            outcome.blobs_copied);
  if (outcome.blobs) print_unusable(output.out, "not copied", *outcome.blobs);
  if (outcome.finished) {
    output.out
        << "Finished: every row and recording is in the copy. Start the servers on it, and none on the old stores.\n";
    return;
  }
  output.out << (outcome.agrees ? "The copy agrees with the source."
                                : "The copy is up to date, except for changes made during this pass.")
             << " Next: stop the servers, and run this again with --final.\n";
}

}  // namespace

Result<int> report_plan(CallArchive& rows, bool with_rows, bool with_blobs, const Output& output) {
  boost::json::object plan{{"outcome", "planned"}};
  std::vector<std::vector<std::string>> table{{"PART", "COUNT"}};
  for (const ArchiveTable one : kArchiveTables) {
    if (!with_rows) break;
    const auto count = run_task(rows.archive_count(one));
    if (!count) return fail(count.error());
    plan[archive_shape(one).name] = *count;
    table.push_back({std::string(archive_shape(one).name), std::to_string(*count)});
  }
  if (with_blobs) {
    const auto blobs = run_task(count_blobs(rows));
    if (!blobs) return fail(blobs.error());
    plan["blobs"] = blobs->blobs;
    plan["bytes"] = blobs->bytes;
    table.push_back({"recordings stored", fmt::format("{} ({})", blobs->blobs, bytes_text(blobs->bytes))});
  }
  if (output.json) {
    print_json(output.out, plan);
  } else {
    print_table(output.out, table);
    output.out << "Dry run: nothing was copied.\n";
  }
  return kDone;
}

int report_migration(const MigrationOutcome& outcome, const Output& output) {
  if (output.json) {
    print_json(output.out, json_of(outcome));
  } else {
    print(outcome, output);
  }
  const bool is_whole = !outcome.blobs || outcome.blobs->named.empty();
  return is_whole || outcome.finished ? kDone : kFailed;
}

}  // namespace tapedeck

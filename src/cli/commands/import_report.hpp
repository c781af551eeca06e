#pragma once

#include <string>

#include "app/import.hpp"
#include "cli/view/output.hpp"
#include "cli/view/progress.hpp"

namespace tapedeck {

/// Recordings that an import queued and that are stored, have failed, or were deleted or cancelled.
[[nodiscard]] std::int64_t import_ended(const ImportProgress& progress);
/// Recordings that an import queued.
[[nodiscard]] std::int64_t import_total(const ImportProgress& progress);
/// Recordings that were given up, or that the provider has no audio of.
[[nodiscard]] std::int64_t import_failed(const ImportProgress& progress);

/// "5/10 stored, 1 failed"
[[nodiscard]] std::string import_words(const ImportProgress& progress);
/// A line of JSON with "event" "progress".
[[nodiscard]] std::string import_line(const ImportProgress& progress, const Pace& pace);

/// Prints the result for a person on `out`, or (`with_json`) as a line of JSON with "event" "end", and its words on
/// `err`.
void report_import(const ImportOutcome& outcome, const std::string& business, bool is_dry_run, bool with_json,
                   const Output& output);

}  // namespace tapedeck

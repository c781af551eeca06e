#pragma once

#include "calls/copy/migration.hpp"
#include "cli/view/output.hpp"

namespace tapedeck {

/// Prints what a migration would copy. Returns an exit code.
[[nodiscard]] Result<int> report_plan(CallArchive& rows, bool with_rows, bool with_blobs, const Output& output);
/// Prints what it copied, and the next step. Returns an exit code: kFailed when recordings are damaged or missing and
/// the run did not finish.
[[nodiscard]] int report_migration(const MigrationOutcome& outcome, const Output& output);

}  // namespace tapedeck

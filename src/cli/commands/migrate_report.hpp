#pragma once

#include "calls/copy/migration.hpp"
#include "cli/commands/output.hpp"

namespace tapedeck {

/// What a migration would copy. Exit code.
[[nodiscard]] int report_plan(CallArchive& rows, bool with_rows, bool with_blobs, const Output& output);
/// What it copied, and what is to be done next. Exit code: kFailed when recordings are damaged or missing and the run
/// was not finished all the same.
[[nodiscard]] int report_migration(const MigrationOutcome& outcome, const Output& output);

}  // namespace tapedeck

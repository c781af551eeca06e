#pragma once

#include <filesystem>

#include "cli/commands/output.hpp"
#include "main/settings.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// Times that a backup begins again because recordings that its database knew were deleted meanwhile.
inline constexpr int kBackupRoundsMax = 5;

/// Copies DATA_DIR's database, recordings and key into `folder` (cli/commands/backup_folder.hpp), beside a running
/// server or without one. What a backup before it has left there is not copied again. Exit code.
[[nodiscard]] int back_up(const Settings& settings, const std::filesystem::path& folder, Clock& clock, Random& random,
                          const Output& output);
/// Makes an empty DATA_DIR what `folder` holds, each recording checked against its SHA-256. One that was interrupted is
/// gone on with. Exit code: kFailed also when recordings were missing or damaged in the backup.
[[nodiscard]] int restore(const Settings& settings, const std::filesystem::path& folder, Clock& clock, Random& random,
                          const Output& output);

}  // namespace tapedeck

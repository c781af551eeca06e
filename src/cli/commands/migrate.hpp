#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/commands/output.hpp"
#include "main/settings.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

struct MigrateRequest {
  std::string to_database;  ///< as it was typed; empty: the call store stays where it is
  std::string to_storage;   ///< empty: the blob store stays where it is
  bool is_final = false;
  bool leave_damaged = false;
  bool dry_run = false;
};

/// The settings under which a server would use the stores that were named.
struct MigrationTarget {
  Settings settings;
  std::optional<std::filesystem::path> data_dir;  ///< where one of them is a directory
};

/// Error kInvalidArgument: none is named, one cannot be understood, or two directories differ.
[[nodiscard]] Result<MigrationTarget> migration_target(const Settings& source, const MigrateRequest& request);

/// Copies the stores of the settings to those that are named. `output.out` gets what was done, as a table or as JSON.
[[nodiscard]] int migrate_stores(const Settings& settings, const MigrateRequest& request, Clock& clock, Random& random,
                                 const Output& output);

}  // namespace tapedeck

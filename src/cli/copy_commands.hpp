#pragma once

#include <functional>
#include <string>

#include "cli/commands/migrate.hpp"

namespace CLI {
class App;
}

namespace tapedeck {

/// What the commands that copy stores are told.
struct CopyRequests {
  MigrateRequest migrate;
  std::string folder;  ///< of backup and restore
};

/// Adds a command that takes every setting and --json.
using AddCopyCommand =
    std::function<CLI::App*(const std::string& name, const std::string& help, const std::string& examples,
                            std::function<int(const Settings&, const Output&)> run)>;

/// `tapedeck migrate`, `backup` and `restore`. `requests`, `clock` and `random` must outlive what they run.
void add_copy_commands(CopyRequests& requests, Clock& clock, Random& random, const AddCopyCommand& add);

}  // namespace tapedeck

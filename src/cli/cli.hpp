#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/demo/demo.hpp"
#include "main/settings.hpp"
#include "provider/recording_listing.hpp"
#include "provider/recording_source.hpp"

namespace tapedeck {

/// What the command line starts, reads and writes. The caller provides it, so that tests can run every command.
struct CommandLine {
  std::function<int(const Settings&)> serve;
  std::function<int(const Settings&, const DemoOptions&)> demo;
  /// Opens the provider, for `doctor` and `verify`.
  std::function<std::shared_ptr<RecordingSource>(const Settings&)> open_source;
  /// Opens the provider's list of recordings, for `import`.
  std::function<std::shared_ptr<RecordingListing>(const Settings&)> open_listing;
  std::function<std::optional<std::string>(std::string_view name)> environment;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
};

/// Runs `tapedeck ARGUMENTS...`; returns its exit code (main/exit_code.hpp).
[[nodiscard]] int run_command_line(const std::vector<std::string>& arguments, const CommandLine& line);

}  // namespace tapedeck

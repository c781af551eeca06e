#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "cli/cli.hpp"
#include "cli/exit_code.hpp"
#include "cli/view/output.hpp"
#include "domain/event_sink.hpp"
#include "main/config.hpp"
#include "main/stores.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/system_random.hpp"

// What every command shares. A command is one file of cli/commands/: a function that declares its options, and the
// function that runs it. The list of commands is in cli.cpp.

namespace CLI {
class App;
}

namespace tapedeck {

/// What a command runs with.
struct CommandContext {
  const CommandLine& line;
  const Config& config;
  const Settings& settings;
  const Output output;
  SystemClock clock;
  SystemRandom random;

  /// SECRET_KEY, or the key in DATA_DIR.
  [[nodiscard]] Result<std::string> secret_key();
  /// Opens the call store of the settings; a server may have it open too.
  [[nodiscard]] Result<OpenCallStore> open_calls();
};

/// Returns an exit code. The caller prints an error on stderr, and ends with kFailed.
using RunCommand = std::function<Result<int>(CommandContext&)>;

/// The arguments that every command takes, and the command that was chosen.
struct ParsedCommandLine {
  SettingTexts flags;
  std::optional<std::string> settings_file;
  bool json = false;
  std::vector<CLI::App*> takes_json;  ///< commands that get the flag --json, after their own options
  RunCommand run;
};

/// A line at the end of every help.
inline constexpr const char* kExitCodes = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong settings.";

/// How the help describes a command.
struct CommandDescription {
  std::string name;
  std::string help;
  std::string examples;             ///< lines that begin with two spaces
  bool shows_all_settings = false;  ///< false: the help shows DATA_DIR alone. Every command takes every setting.
  bool takes_json = true;
};

/// Where the parser stores the value of an option.
using OptionValue = std::variant<std::string*, std::optional<std::string>*, std::optional<int>*, std::int64_t*, double*,
                                 std::filesystem::path*>;

/// The options of one command. The parser's header costs seconds in each file that includes it, so that command.cpp
/// alone does.
class CommandOptions {
 public:
  explicit CommandOptions(CLI::App& app) : app_(app) {}

  /// A positional argument, which is required.
  void argument(const char* name, OptionValue value, const char* help);
  /// "--name TYPE"
  void option(const char* name, const char* type, OptionValue value, const std::string& help);
  void required(const char* name, const char* type, OptionValue value, const char* help);
  void flag(const char* name, bool& value, const char* help);
  /// Exactly one of the options that are added to the result must be given.
  [[nodiscard]] CommandOptions one_of(const char* name, const char* help);

 private:
  CLI::App& app_;
};

/// The commands below one parent: `tapedeck`, or a group such as `tapedeck key`.
class CommandSet {
 public:
  CommandSet(CLI::App& parent, ParsedCommandLine& parsed) : parent_(parent), parsed_(parsed) {}

  template <class Values>
  struct Added {
    CommandOptions options;
    Values& values;  ///< as long-lived as the command
  };
  /// Adds a command whose options the parser stores in a `Values`.
  template <class Values>
  Added<Values> add(const CommandDescription& description,
                    std::function<Result<int>(CommandContext&, const Values&)> run) {
    const auto values = std::make_shared<Values>();
    CLI::App& command = add_command(description, [values, run = std::move(run)](CommandContext& context) {
      return run(context, std::as_const(*values));
    });
    return {CommandOptions(command), *values};
  }
  /// Adds a command without options of its own.
  void add(const CommandDescription& description, RunCommand run) { add_command(description, std::move(run)); }
  [[nodiscard]] CommandSet add_group(const char* name, const char* help);

 private:
  CLI::App& add_command(const CommandDescription& description, RunCommand run);

  CLI::App& parent_;
  ParsedCommandLine& parsed_;
};

/// Discards events: a command prints its outcome, and only servers log events.
class NoEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

}  // namespace tapedeck

#include "cli/cli.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.hpp"

// The commands, in the order of the help. A command is a line here and a file in cli/commands/ that defines add_NAME().
#define TAPEDECK_COMMANDS(COMMAND) \
  COMMAND(serve)                   \
  COMMAND(demo)                    \
  COMMAND(config)                  \
  COMMAND(queue)                   \
  COMMAND(doctor)                  \
  COMMAND(import)                  \
  COMMAND(reconcile)               \
  COMMAND(business)                \
  COMMAND(key)                     \
  COMMAND(session)                 \
  COMMAND(hold)                    \
  COMMAND(erase)                   \
  COMMAND(audit)                   \
  COMMAND(verify)                  \
  COMMAND(migrate)                 \
  COMMAND(backup)                  \
  COMMAND(restore)

namespace tapedeck {

#define TAPEDECK_DECLARE(name) void add_##name(CommandSet& commands);
TAPEDECK_COMMANDS(TAPEDECK_DECLARE)

namespace {

#define TAPEDECK_ADD(name) add_##name,
constexpr auto kCommands = {TAPEDECK_COMMANDS(TAPEDECK_ADD)};

int run_parsed(const ParsedCommandLine& parsed, const CommandLine& line) {
  ConfigSources sources{.flags = parsed.flags, .environment = line.environment, .file = std::nullopt};
  if (parsed.settings_file) sources.file = *parsed.settings_file;
  const auto config = load_config(sources);
  if (!config) {
    line.err << fmt::format("tapedeck: {} of the settings {} wrong:\n", config.error().size(),
                            config.error().size() == 1 ? "is" : "are");
    for (const ConfigProblem& problem : config.error()) line.err << "  " << describe(problem) << '\n';
    return kWrongSettings;
  }
  CommandContext context{.line = line,
                         .config = *config,
                         .settings = config->settings,
                         .output = {line.out, line.err, parsed.json},
                         .clock = {},
                         .random = {}};
  const auto code = parsed.run(context);
  if (code) return *code;
  line.err << "tapedeck: " << code.error().detail << '\n';
  return kFailed;
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments, const CommandLine& line) {
  CLI::App app("Tapedeck keeps the recordings of phone calls, and plays them.", "tapedeck");
  app.set_version_flag("--version", "tapedeck " TAPEDECK_VERSION);
  app.footer(std::string("First steps: README.md. ") + kExitCodes);
  app.require_subcommand(1);
  ParsedCommandLine parsed;
  CommandSet commands(app, parsed);
  for (const auto add : kCommands) add(commands);
  for (CLI::App* command : parsed.takes_json) command->add_flag("--json", parsed.json, "Print JSON.");
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 expects them in reverse
  } catch (const CLI::ParseError& error) {
    return app.exit(error, line.out, line.err) == 0 ? kDone : kWrongUsage;
  }
  return run_parsed(parsed, line);
}

}  // namespace tapedeck

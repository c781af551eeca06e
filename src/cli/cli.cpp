#include "cli/cli.hpp"

#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command_runner.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kExitCodes = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong settings.";

enum class SettingsShown { kAll, kDataDirOnly };

// Every command takes every setting as a flag; those that only look into the store show one of them in their help.
void add_settings(CLI::App& command, Parsed& parsed, SettingsShown shown) {
  for (const Setting& setting : setting_table()) {
    std::string help(setting.help);
    if (!setting.fallback.empty()) help += fmt::format(" Default: {}.", setting.fallback);
    if (setting.type == SettingType::kSecret) help += " Better in the environment or a file: others can see flags.";
    auto* option = command.add_option_function<std::string>(
        flag_of(setting),
        [&parsed, name = setting.name](const std::string& text) { parsed.flags[std::string(name)] = text; }, help);
    option->type_name(range_of(setting));
    const bool visible = shown == SettingsShown::kAll || setting.name == "DATA_DIR";
    option->group(visible ? "Settings (flag, else environment, else file)" : "");
  }
  command.add_option("--config", parsed.settings_file, "A file of NAME=VALUE lines; else TAPEDECK_CONFIG names one.")
      ->type_name("FILE");
}

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& help, const std::string& examples,
                      Parsed& parsed, SettingsShown shown, std::function<int(const Config&)> run) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->footer("Examples:\n" + examples + "\n" + std::string(kExitCodes));
  add_settings(*command, parsed, shown);
  command->callback([&parsed, run = std::move(run)] { parsed.run = run; });
  return command;
}

void add_json(CLI::App* command, Parsed& parsed) { command->add_flag("--json", parsed.json, "Print JSON."); }

void add_business_options(CLI::App* command, BusinessChange& change) {
  command->add_option("ID", change.id, "1 to 64 of A-Z a-z 0-9 _ and -")->required();
  command->add_option("--account-sid", change.account, "Its provider account; default: that of the settings.")
      ->type_name("AC...");
  command->add_option("--auth-token", change.auth_token, "The account's token; - reads a line from stdin.")
      ->type_name("TOKEN");
  command->add_option("--limit", change.limit, "Most downloads at once; 0: MAX_SLOTS_PER_BUSINESS.")->type_name("N");
  command->add_option("--format", change.format, "mp3, wav or wav-dual; default: RECORDING_FORMAT.")
      ->type_name("FORMAT");
  command->add_option("--retention", change.retention, "Days that recordings are kept, or keep: for ever.")
      ->type_name("DAYS|keep");
  command
      ->add_option("--delete-at-provider", change.delete_at_provider,
                   "yes: delete recordings at the provider once their archive was verified; default: no.")
      ->type_name("yes|no");
}

void add_business_commands(CLI::App& app, Parsed& parsed, Commands& commands) {
  CLI::App* group = app.add_subcommand("business", "Add, change, pause and list businesses.");
  group->require_subcommand(1);
  const auto shown = SettingsShown::kDataDirOnly;
  auto* add =
      add_command(*group, "add", "Add a business.",
                  "  tapedeck business add dental --account-sid AC0123456789abcdef0123456789abcdef --auth-token -\n"
                  "  tapedeck business add garage --limit 5",
                  parsed, shown, [&](const Config& config) { return commands.business(config, add_business); });
  add_business_options(add, parsed.business);
  add_json(add, parsed);
  auto* set =
      add_command(*group, "set", "Change a business; what is not named stays.",
                  "  tapedeck business set garage --limit 2\n  tapedeck business set garage --account-sid default",
                  parsed, shown, [&](const Config& config) { return commands.business(config, set_business); });
  add_business_options(set, parsed.business);
  add_json(set, parsed);
  auto* pause = add_command(*group, "pause", "Let nothing more of a business be downloaded; what runs goes on.",
                            "  tapedeck business pause garage", parsed, shown,
                            [&](const Config& config) { return commands.pause(config, true); });
  auto* resume = add_command(*group, "resume", "End a pause.", "  tapedeck business resume garage", parsed, shown,
                             [&](const Config& config) { return commands.pause(config, false); });
  for (CLI::App* command : {pause, resume}) {
    command->add_option("ID", parsed.business.id, "The business.")->required();
    add_json(command, parsed);
  }
  auto* list = add_command(*group, "list", "List the businesses.", "  tapedeck business list --json", parsed, shown,
                           [&](const Config& config) { return commands.businesses(config); });
  add_json(list, parsed);
}

void add_key_commands(CLI::App& app, Parsed& parsed, Commands& commands) {
  CLI::App* group = app.add_subcommand("key", "Create, list and revoke API keys.");
  group->require_subcommand(1);
  const auto shown = SettingsShown::kDataDirOnly;
  auto* create =
      add_command(*group, "create", "Create an API key, and print it alone on stdout, this once.",
                  "  KEY=$(tapedeck key create --business dental)\n  tapedeck key create --operator --name night-shift",
                  parsed, shown, [&](const Config& config) { return commands.key_create(config); });
  auto* whose = create->add_option_group("whose", "Whose key; one of them");
  whose->add_option("--business", parsed.key_business, "A business's.")->type_name("ID");
  whose->add_flag("--operator", parsed.key_operator, "An operator's: acts for every business.");
  whose->require_option(1);
  create->add_option("--name", parsed.key_name, "What it is for.")->type_name("TEXT");
  add_json(create, parsed);
  auto* list = add_command(*group, "list", "List the keys; never what they say.", "  tapedeck key list", parsed, shown,
                           [&](const Config& config) { return commands.keys(config); });
  add_json(list, parsed);
  auto* revoke = add_command(*group, "revoke", "End a key, and the sessions that it opened.", "  tapedeck key revoke 7",
                             parsed, shown, [&](const Config& config) { return commands.key_revoke(config); });
  revoke->add_option("KEY", parsed.key_id, "The key's number; see: tapedeck key list")->required();
}

void add_server_commands(CLI::App& app, Parsed& parsed, Commands& commands) {
  const auto shown = SettingsShown::kAll;
  add_command(app, "serve", "Run the server.",
              "  tapedeck serve --data-dir /var/lib/tapedeck\n"
              "  PUBLIC_URL=https://calls.example.com tapedeck serve --listen 0.0.0.0:8080",
              parsed, shown, [&](const Config& config) { return commands.serve(config); });
  auto* demo = add_command(app, "demo", "Run the server with a look-alike of the provider, and sample calls.",
                           "  ./dev demo   builds it, makes the sample recordings and runs it", parsed, shown,
                           [&](const Config& config) { return commands.demo(config); });
  demo->add_option("--audio", parsed.demo.audio_dir, "The sample recordings.")->type_name("FOLDER")->required();
  demo->add_option("--calls", parsed.demo.calls_file, "The sample calls.")->type_name("FILE")->required();
  demo->add_option("--simulator", parsed.demo.simulator, "The look-alike; else twilio-sim beside this program.")
      ->type_name("FILE");
  auto* config = add_command(app, "config", "Show every setting as it holds, and where its value came from.",
                             "  tapedeck config\n  tapedeck config --json --config /etc/tapedeck.env", parsed, shown,
                             [&](const Config& settings) { return commands.show(settings); });
  add_json(config, parsed);
  auto* queue = add_command(app, "queue", "Show who holds a slot, who waits, and why; with REDIS_URL.",
                            "  tapedeck queue --business dental\n  tapedeck queue --json\n"
                            "  tapedeck queue --business dental --repair",
                            parsed, shown, [&](const Config& settings) { return commands.queue(settings); });
  queue->add_option("--business", parsed.queue_business, "Of one business alone.")->type_name("ID");
  queue->add_flag("--repair", parsed.repair,
                  "Rebuild its slots from the call store; what runs is cut off and done again.");
  add_json(queue, parsed);
  auto* doctor = add_command(app, "doctor", "Look for what is amiss with this machine, the settings and the accounts.",
                             "  tapedeck doctor\n  tapedeck doctor --offline --json", parsed, shown,
                             [&](const Config& settings) { return commands.doctor(settings); });
  doctor->add_flag("--offline", parsed.offline, "Do not ask the provider.");
  add_json(doctor, parsed);
}

void add_history_commands(CLI::App& app, Parsed& parsed, Commands& commands) {
  auto* bring = add_command(app, "import", "Bring a business's recordings over from its provider account.",
                            "  tapedeck import --business dental --dry-run\n"
                            "  tapedeck import --business dental --since 2025-01-01 --until 2026-01-01",
                            parsed, SettingsShown::kAll, [&](const Config& config) { return commands.import(config); });
  ImportArguments& what = parsed.import;
  bring->add_option("--business", what.business, "The business.")->type_name("ID")->required();
  bring->add_option("--since", what.since, "Only what was made from then on: a day in UTC, or a time.")
      ->type_name("TIME");
  bring->add_option("--until", what.until, "Only what was made before then.")->type_name("TIME");
  bring->add_option("--account", what.account, "A sub-account of the business's account; default: that itself.")
      ->type_name("AC...");
  bring->add_flag("--dry-run", what.dry_run, "List and count; write nothing.");
  bring->add_flag("--no-wait", what.no_wait, "End when all is written down, instead of when all is fetched.");
  bring->add_flag("--restart", what.restart, "List from the beginning, instead of where an earlier import stopped.");
  bring->add_flag("--whole-account", what.whole_account,
                  "Where several businesses use the account: take also recordings of calls that nobody knows.");
  add_json(bring, parsed);
  auto* look =
      add_command(app, "reconcile", "Have the worker look now for what was missed, not when it is due.",
                  "  tapedeck reconcile\n  tapedeck reconcile --business dental --since 2026-11-01", parsed,
                  SettingsShown::kDataDirOnly, [&](const Config& config) { return commands.reconcile(config); });
  look->add_option("--business", parsed.reconcile.business, "Of the lists, only its account's.")->type_name("ID");
  look->add_option("--since", parsed.reconcile.since,
                   "Look for recordings made from then on; default: since the account is known here.")
      ->type_name("TIME");
  add_json(look, parsed);
}

void add_keeping_commands(CLI::App& app, Parsed& parsed, Commands& commands) {
  const auto shown = SettingsShown::kDataDirOnly;
  auto* hold = add_command(app, "hold", "Put a recording under a legal hold: nothing deletes it.",
                           "  tapedeck hold CA0123456789abcdef0123456789abcdef --business dental --reason 'case 4711'",
                           parsed, shown, [&](const Config& config) { return commands.hold(config, hold_recording); });
  auto* release = add_command(app, "release", "End a legal hold.",
                              "  tapedeck release CA0123456789abcdef0123456789abcdef --business dental", parsed, shown,
                              [&](const Config& config) { return commands.hold(config, release_recording); });
  add_hold_options(*hold, *release, parsed.keeping);
  auto* erase = add_command(app, "erase", "Erase what is kept of a telephone number, or of a business.",
                            "  tapedeck erase --business dental --number +14155550100 --dry-run\n"
                            "  tapedeck erase --business dental --everything --yes",
                            parsed, shown, [&](const Config& config) { return commands.erase(config); });
  add_erase_options(*erase, parsed.keeping);
  auto* audit = add_command(app, "audit", "Print who played, downloaded, linked, held and deleted what, oldest first.",
                            "  tapedeck audit --business dental --since 2026-11-01 --csv > november.csv", parsed, shown,
                            [&](const Config& config) { return commands.audit(config); });
  add_audit_options(*audit, parsed.keeping);
  auto* verify = add_command(app, "verify", "Read the stored recordings back, and compare them with their hashes.",
                             "  tapedeck verify --rate 50\n  tapedeck verify --business dental --repair", parsed, shown,
                             [&](const Config& config) { return commands.verify(config); });
  add_verify_options(*verify, parsed.keeping);
  for (CLI::App* command : {hold, release, erase, audit, verify}) add_json(command, parsed);
}

void add_copies(CLI::App& app, Parsed& parsed, Commands& commands) {
  const auto add = [&](const std::string& name, const std::string& help, const std::string& examples,
                       const std::function<int(const Settings&, const Output&)>& run) {
    CLI::App* command =
        add_command(app, name, help, examples, parsed, SettingsShown::kDataDirOnly,
                    [&commands, run](const Config& config) { return run(config.settings, commands.output()); });
    add_json(command, parsed);
    return command;
  };
  add_copy_commands(parsed.copies, commands.clock(), commands.random(), add);
}

int run_parsed(const Parsed& parsed, const CommandLine& line) {
  ConfigSources sources{.flags = parsed.flags, .environment = line.environment, .file = std::nullopt};
  if (parsed.settings_file) sources.file = *parsed.settings_file;
  const auto config = load_config(sources);
  if (config) return parsed.run(*config);
  line.err << fmt::format("tapedeck: {} of the settings {} wrong:\n", config.error().size(),
                          config.error().size() == 1 ? "is" : "are");
  for (const ConfigProblem& problem : config.error()) line.err << "  " << describe(problem) << '\n';
  return kWrongSettings;
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments, const CommandLine& line) {
  CLI::App app("Tapedeck keeps the recordings of phone calls, and plays them.", "tapedeck");
  app.set_version_flag("--version", "tapedeck " TAPEDECK_VERSION);
  app.footer("First steps: README.md. " + std::string(kExitCodes));
  app.require_subcommand(1);
  Parsed parsed;
  Commands commands(line, parsed);
  add_server_commands(app, parsed, commands);
  add_history_commands(app, parsed, commands);
  add_business_commands(app, parsed, commands);
  add_key_commands(app, parsed, commands);
  add_keeping_commands(app, parsed, commands);
  add_copies(app, parsed, commands);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    return app.exit(error, line.out, line.err) == 0 ? kDone : kWrongUsage;
  }
  return run_parsed(parsed, line);
}

}  // namespace tapedeck

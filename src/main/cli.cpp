#include "main/cli.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapters/system/system_clock.hpp"
#include "adapters/system/system_random.hpp"
#include "app/access.hpp"
#include "main/commands/business.hpp"
#include "main/commands/doctor.hpp"
#include "main/commands/key.hpp"
#include "main/commands/output.hpp"
#include "main/commands/queue.hpp"
#include "main/commands/show_config.hpp"
#include "main/config.hpp"
#include "main/exit_code.hpp"
#include "main/run_task.hpp"
#include "main/secret_key.hpp"
#include "main/slot_stores.hpp"
#include "main/stores.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kExitCodes = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong settings.";
/// Where a demo keeps its data unless DATA_DIR says otherwise: never among a real server's.
constexpr std::string_view kDemoDataDir = "./demo-data";

// What the command line holds once it is parsed: the settings, and one command to run with them.
struct Parsed {
  SettingTexts flags;
  std::optional<std::string> settings_file;
  bool json = false;
  bool offline = false;
  BusinessChange business;
  std::optional<std::string> key_business;
  bool key_operator = false;
  std::string key_name;
  std::int64_t key_id = 0;
  std::optional<std::string> queue_business;
  bool repair = false;
  DemoOptions demo;
  std::function<int(const Config&)> run;
};

// An open store and what commands make of it.
struct Opened {
  OpenCallStore calls;
  std::unique_ptr<Access> access;
};

// Commands print what they do; the slot store's events are the servers' to log.
class NoEvents final : public EventSink {
 public:
  void emit(const Event&) noexcept override {}
};

class Commands {
 public:
  Commands(const CommandLine& line, Parsed& parsed) : line_(line), parsed_(parsed) {}

  int serve(const Config& config) const { return line_.serve(config.settings); }

  int demo(const Config& config) const {
    Settings settings = config.settings;
    const auto data_dir =
        std::ranges::find(config.effective, "DATA_DIR", [](const EffectiveSetting& one) { return one.setting->name; });
    if (data_dir->origin == SettingOrigin::kDefault) settings.data_dir = kDemoDataDir;
    return line_.demo(settings, parsed_.demo);
  }

  int business(const Config& config, int (*command)(CallStore&, const BusinessChange&, const Output&)) {
    if (parsed_.business.auth_token == "-") parsed_.business.auth_token = read_line();
    return with_store(config,
                      [&](Opened& opened) { return command(opened.calls.store(), parsed_.business, output()); });
  }

  int pause(const Config& config, bool paused) {
    return with_store(config, [&](Opened& opened) {
      return pause_business(opened.calls.store(), parsed_.business.id, paused, output());
    });
  }

  int businesses(const Config& config) {
    return with_store(config, [&](Opened& opened) { return list_businesses(opened.calls.store(), output()); });
  }

  int key_create(const Config& config) {
    return with_store(config, [&](Opened& opened) {
      return create_key(*opened.access, parsed_.key_business, parsed_.key_name, output());
    });
  }

  int keys(const Config& config) {
    return with_store(config, [&](Opened& opened) { return list_keys(opened.calls.store(), output()); });
  }

  int key_revoke(const Config& config) {
    return with_store(config, [&](Opened& opened) {
      return revoke_key(opened.calls.store(), *opened.access, parsed_.key_id, output());
    });
  }

  int queue(const Config& config) {
    const Settings& settings = config.settings;
    if (settings.redis_url.empty()) {
      return fail_command(output(), Error(Errc::kInvalidArgument,
                                          "without REDIS_URL the slots are in the server's memory: ask it, by "
                                          "GET /api/queue with a key of the business"));
    }
    if (parsed_.repair && !parsed_.queue_business) {
      return fail_command(output(), Error(Errc::kInvalidArgument, "--repair needs --business ID"));
    }
    NoEvents events;
    auto slots = open_slot_store(settings, clock_, events, random_);
    if (!slots) return fail_command(output(), slots.error());
    return with_store(config, [&](Opened& opened) {
      CallStore& calls = opened.calls.store();
      if (!parsed_.repair) return show_queue(calls, slots->store(), parsed_.queue_business, output());
      Businesses businesses(calls, clock_, provider_defaults(settings));
      SlotRecovery recovery(calls, slots->store(), businesses, clock_, slots->recovery_hold);
      return repair_queue(recovery, *parsed_.queue_business, output());
    });
  }

  int show(const Config& config) const {
    show_config(config, output());
    return kDone;
  }

  int doctor(const Config& config) {
    std::vector<Finding> findings = examine_machine(config.settings);
    if (!config.settings.redis_url.empty()) {
      NoEvents events;
      const auto slots = open_slot_store(config.settings, clock_, events, random_);
      for (Finding& finding : examine_redis(slots)) findings.push_back(std::move(finding));
    }
    if (!config.settings.storage_url.empty()) findings.push_back(storage_finding(config.settings));
    if (!parsed_.offline) {
      const auto accounts = accounts_to_try(config.settings, findings);
      const auto source = line_.open_source(config.settings);
      for (Finding& finding : examine_accounts(*source, accounts)) findings.push_back(std::move(finding));
    }
    return report(findings, output());
  }

 private:
  [[nodiscard]] Output output() const { return {line_.out, line_.err, parsed_.json}; }

  [[nodiscard]] std::string read_line() const {
    std::string text;
    std::getline(line_.in, text);
    return text;
  }

  Result<Opened> open(const Settings& settings) {
    auto key = load_secret_key(settings, random_);
    if (!key) return fail(key.error());
    auto calls = open_call_store(settings, *key);
    if (!calls) return fail(calls.error());
    Opened opened{.calls = std::move(*calls), .access = nullptr};
    opened.access = std::make_unique<Access>(opened.calls.store(), clock_, random_, *key);
    return opened;
  }

  template <class Command>
  int with_store(const Config& config, Command command) {
    auto opened = open(config.settings);
    if (!opened) return fail_command(output(), opened.error());
    return command(*opened);
  }

  Finding storage_finding(const Settings& settings) {
    OffloadPool pool("disk", 1);
    const auto blobs = open_blob_store(settings, pool, clock_, random_);
    if (!blobs) return examine_storage(fail(blobs.error()));
    return examine_storage(run_task(blobs->store().ping()));
  }

  // The settings' account, and those of the businesses where a store is there already.
  std::vector<AccountToTry> accounts_to_try(const Settings& settings, std::vector<Finding>& findings) {
    std::vector<AccountToTry> accounts;
    if (!settings.account.empty()) accounts.push_back({"the settings", settings.account, settings.auth_token});
    std::error_code ignored;
    const bool is_shared = !settings.database_url.empty();
    if (!is_shared && !std::filesystem::exists(settings.data_dir / kDatabaseFile, ignored)) return accounts;
    auto opened = open(settings);
    if (!opened) {
      findings.push_back(
          {"database", Verdict::kBroken, opened.error().detail,
           is_shared ? "see that PostgreSQL runs, and that DATABASE_URL names it" : "restore DATA_DIR from a backup"});
      return accounts;
    }
    if (is_shared) findings.push_back({"database", Verdict::kFine, "PostgreSQL answers", ""});
    const auto businesses = run_task(opened->calls.store().list_businesses());
    if (!businesses) {
      findings.push_back({"businesses", Verdict::kBroken, businesses.error().detail, "see SECRET_KEY and the disk"});
      return accounts;
    }
    for (const Business& business : *businesses) {
      if (!business.account.empty()) {
        accounts.push_back({"business " + business.id.str(), business.account, business.auth_token});
      }
    }
    return accounts;
  }

  const CommandLine& line_;
  Parsed& parsed_;
  SystemClock clock_;
  SystemRandom random_;
};

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
  add_business_commands(app, parsed, commands);
  add_key_commands(app, parsed, commands);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
  } catch (const CLI::ParseError& error) {
    return app.exit(error, line.out, line.err) == 0 ? kDone : kWrongUsage;
  }
  return run_parsed(parsed, line);
}

}  // namespace tapedeck

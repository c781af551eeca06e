#include "cli/command.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "main/secret_key.hpp"

namespace tapedeck {
namespace {

void add_settings(CLI::App& command, ParsedCommandLine& parsed, bool shows_all) {
  for (const Setting& setting : setting_table()) {
    std::string help(setting.help);
    if (!setting.fallback.empty()) help += fmt::format(" Default: {}.", setting.fallback);
    if (setting.type == SettingType::kSecret) help += " Prefer the environment or a file: other users can see flags.";
    auto* option = command.add_option_function<std::string>(
        flag_of(setting),
        [&parsed, name = setting.name](const std::string& text) { parsed.flags[std::string(name)] = text; }, help);
    option->type_name(range_of(setting));
    const bool is_shown = shows_all || setting.name == "DATA_DIR";
    option->group(is_shown ? "Settings (flag, else environment, else file)" : "");
  }
  command
      .add_option("--config", parsed.settings_file,
                  "A file of NAME=VALUE lines. Default: the file that TAPEDECK_CONFIG names.")
      ->type_name("FILE");
}

}  // namespace

Result<std::string> CommandContext::secret_key() { return load_secret_key(settings, random); }

Result<OpenCallStore> CommandContext::open_calls() {
  const auto key = secret_key();
  if (!key) return fail(key.error());
  return open_call_store(settings, *key);
}

void CommandOptions::argument(const char* name, OptionValue value, const char* help) {
  std::visit([&](auto* target) { app_.add_option(name, *target, help)->required(); }, value);
}

void CommandOptions::option(const char* name, const char* type, OptionValue value, const std::string& help) {
  std::visit([&](auto* target) { app_.add_option(name, *target, help)->type_name(type); }, value);
}

void CommandOptions::required(const char* name, const char* type, OptionValue value, const char* help) {
  option(name, type, value, help);
  app_.get_option(name)->required();
}

void CommandOptions::flag(const char* name, bool& value, const char* help) { app_.add_flag(name, value, help); }

CommandOptions CommandOptions::one_of(const char* name, const char* help) {
  CLI::App& group = *app_.add_option_group(name, help);
  group.require_option(1);
  return CommandOptions(group);
}

CLI::App& CommandSet::add_command(const CommandDescription& description, RunCommand run) {
  CLI::App& command = *parent_.add_subcommand(description.name, description.help);
  command.footer("Examples:\n" + description.examples + "\n" + kExitCodes);
  add_settings(command, parsed_, description.shows_all_settings);
  if (description.takes_json) parsed_.takes_json.push_back(&command);
  command.callback([&parsed = parsed_, run = std::move(run)] { parsed.run = run; });
  return command;
}

CommandSet CommandSet::add_group(const char* name, const char* help) {
  CLI::App& group = *parent_.add_subcommand(name, help);
  group.require_subcommand(1);
  return {group, parsed_};
}

}  // namespace tapedeck

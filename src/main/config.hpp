#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "main/setting_table.hpp"
#include "main/settings.hpp"

namespace tapedeck {

/// Most bytes of a settings file.
inline constexpr std::size_t kSettingsFileMax = 64 * 1024;

enum class SettingOrigin { kDefault, kFile, kEnvironment, kFlag };
[[nodiscard]] std::string_view origin_name(SettingOrigin origin) noexcept;

/// The value of a setting in effect, and its origin.
struct EffectiveSetting {
  const Setting* setting = nullptr;
  std::string text;
  SettingOrigin origin = SettingOrigin::kDefault;
};

struct Config {
  Settings settings;
  std::vector<EffectiveSetting> effective;  ///< in the table's order
};

/// An error in one setting.
struct ConfigProblem {
  std::string name;  ///< of the variable, or of the file and its line
  std::string what;
  std::string example;  ///< an accepted value; may be empty
};
/// "LISTEN: expected … (example: LISTEN=127.0.0.1:8080)"
[[nodiscard]] std::string describe(const ConfigProblem& problem);

using SettingTexts = std::map<std::string, std::string, std::less<>>;

/// Flags override the environment, the environment overrides the file, and the file overrides the defaults. An empty
/// value counts as absent.
struct ConfigSources {
  SettingTexts flags;  ///< by the setting's name
  std::function<std::optional<std::string>(std::string_view name)> environment;
  std::optional<std::filesystem::path> file;  ///< NAME=VALUE lines, # begins a comment; none: TAPEDECK_CONFIG names it
};

/// Returns all settings, or all problems.
[[nodiscard]] std::expected<Config, std::vector<ConfigProblem>> load_config(const ConfigSources& sources);

/// Reads the process's environment.
[[nodiscard]] std::optional<std::string> read_environment(std::string_view name);

}  // namespace tapedeck

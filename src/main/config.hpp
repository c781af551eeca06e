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

/// A setting as it holds, and where its value came from.
struct EffectiveSetting {
  const Setting* setting = nullptr;
  std::string text;
  SettingOrigin origin = SettingOrigin::kDefault;
};

struct Config {
  Settings settings;
  std::vector<EffectiveSetting> effective;  ///< in the table's order
};

/// What is wrong with one setting.
struct ConfigProblem {
  std::string name;  ///< the variable's, or the file's and the line's
  std::string what;
  std::string example;  ///< a value that would do; may be empty
};
/// "LISTEN: expected … (example: LISTEN=127.0.0.1:8080)"
[[nodiscard]] std::string describe(const ConfigProblem& problem);

using SettingTexts = std::map<std::string, std::string, std::less<>>;

/// Where the values come from. Flags win over the environment, the environment over the file, the file over defaults.
/// An empty value counts as not given.
struct ConfigSources {
  SettingTexts flags;  ///< by the setting's name
  std::function<std::optional<std::string>(std::string_view name)> environment;
  std::optional<std::filesystem::path> file;  ///< KEY=VALUE lines, # before a comment; TAPEDECK_CONFIG where empty
};

/// Every setting, or every problem at once.
[[nodiscard]] std::expected<Config, std::vector<ConfigProblem>> load_config(const ConfigSources& sources);

/// The process's environment.
[[nodiscard]] std::optional<std::string> read_environment(std::string_view name);

}  // namespace tapedeck

#include "main/config.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace tapedeck {
namespace {

using Problems = std::vector<ConfigProblem>;

constexpr std::string_view kConfigFileVariable = "TAPEDECK_CONFIG";

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Removes a pair of quotes around a value, as shells and the env files of other programs do.
std::string_view unquote(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// The number of one-character changes between two names (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

std::string unknown_name(std::string_view name) {
  const auto nearest = std::ranges::min_element(
      setting_table(), {}, [name](const Setting& setting) { return edit_distance(name, setting.name); });
  if (edit_distance(name, nearest->name) > name.size() / 2) return "no setting has this name";
  return fmt::format("no setting has this name; did you mean {}?", nearest->name);
}

void read_line(std::string_view line, const std::string& place, SettingTexts& texts, Problems& problems) {
  line = trim(line);
  if (line.starts_with("export ")) line = trim(line.substr(7));
  if (line.empty() || line.starts_with('#')) return;
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    problems.push_back({place, "expected NAME=VALUE, or # and a comment", ""});
    return;
  }
  const std::string_view name = trim(line.substr(0, equals));
  if (find_setting(name) == nullptr) {
    problems.push_back({fmt::format("{}: {}", place, name.substr(0, 64)), unknown_name(name.substr(0, 64)), ""});
    return;
  }
  texts[std::string(name)] = unquote(trim(line.substr(equals + 1)));
}

SettingTexts read_file(const std::filesystem::path& path, Problems& problems) {
  SettingTexts texts;
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file.is_open() || file.bad()) {
    problems.push_back({path.string(), "this settings file cannot be read", ""});
    return texts;
  }
  if (text.size() > kSettingsFileMax) {
    problems.push_back(
        {path.string(), fmt::format("expected a settings file of at most {} bytes", kSettingsFileMax), ""});
    return texts;
  }
  int number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    read_line(rest.substr(0, end), fmt::format("{} line {}", path.string(), ++number), texts, problems);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return texts;
}

EffectiveSetting choose(const Setting& setting, const ConfigSources& sources, const SettingTexts& file) {
  const auto given = [&setting](const SettingTexts& texts) -> std::optional<std::string> {
    const auto found = texts.find(setting.name);
    if (found == texts.end() || found->second.empty()) return std::nullopt;
    return found->second;
  };
  if (auto text = given(sources.flags)) return {&setting, *text, SettingOrigin::kFlag};
  auto from_environment = sources.environment ? sources.environment(setting.name) : std::nullopt;
  if (from_environment && !from_environment->empty()) {
    return {&setting, *from_environment, SettingOrigin::kEnvironment};
  }
  if (auto text = given(file)) return {&setting, *text, SettingOrigin::kFile};
  return {&setting, std::string(setting.fallback), SettingOrigin::kDefault};
}

// Checks which settings require each other.
void check_companions(const std::vector<EffectiveSetting>& effective, Problems& problems) {
  const auto given = [&effective](std::string_view name) {
    return std::ranges::any_of(
        effective, [name](const EffectiveSetting& one) { return one.setting->name == name && !one.text.empty(); });
  };
  const auto need = [&](std::string_view name, std::string_view other, std::string_view why = "") {
    if (!given(other) || given(name)) return;
    problems.push_back({std::string(name), fmt::format("must be set, because {} is set{}", other, why),
                        std::string(find_setting(name)->example)});
  };
  need("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN");
  need("TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID");
  need("REDIS_URL", "DATABASE_URL", ": processes that share calls must share slots");
  need("SECRET_KEY", "DATABASE_URL", ": all processes must use the same key");
}

constexpr const char* kLocalRecordings =
    "DATABASE_URL is set and STORAGE_URL is not: only processes of this machine see the recordings in DATA_DIR";

// Checks that processes which share one store can share the others.
void check_stores(Settings& settings, Problems& problems) {
  if (settings.delivery == Delivery::kRedirect && settings.storage_url.empty()) {
    problems.push_back({"STORAGE_URL",
                        "must be set, because STORAGE_DELIVERY is redirect: only an object store has links",
                        std::string(find_setting("STORAGE_URL")->example)});
  }
  if (!settings.database_url.empty() && settings.storage_url.empty()) {
    settings.warnings.emplace_back(kLocalRecordings);
  }
}

}  // namespace

std::string_view origin_name(SettingOrigin origin) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"default", "file", "environment", "flag"};  // as SettingOrigin
  return kNames[static_cast<std::size_t>(origin)];
}

std::string describe(const ConfigProblem& problem) {
  if (problem.example.empty()) return fmt::format("{}: {}", problem.name, problem.what);
  if (problem.example.starts_with('(')) return fmt::format("{}: {} {}", problem.name, problem.what, problem.example);
  return fmt::format("{}: {} (example: {}={})", problem.name, problem.what, problem.name, problem.example);
}

std::expected<Config, std::vector<ConfigProblem>> load_config(const ConfigSources& sources) {
  Config config;
  Problems problems;
  SettingTexts file;
  std::optional<std::filesystem::path> path = sources.file;
  if (!path && sources.environment) {
    if (const auto named = sources.environment(kConfigFileVariable); named && !named->empty()) path = *named;
  }
  if (path) file = read_file(*path, problems);

  for (const Setting& setting : setting_table()) {
    config.effective.push_back(choose(setting, sources, file));
    const std::string& text = config.effective.back().text;
    if (text.empty()) continue;
    const auto applied = setting.apply(setting, text, config.settings);
    if (!applied) problems.push_back({std::string(setting.name), applied.error().detail, std::string(setting.example)});
  }
  check_companions(config.effective, problems);
  check_stores(config.settings, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return config;
}

std::optional<std::string> read_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace tapedeck

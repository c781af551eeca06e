#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "main/settings.hpp"

namespace tapedeck {

enum class SettingType { kAddress, kUrl, kUrlList, kPath, kSwitch, kNumber, kChoice, kAccountSid, kSecret };

/// One setting, as the flags, the checks, `tapedeck config`, the help and the documents use it.
struct Setting {
  std::string_view name;  ///< in the environment and the file; the flag is --name-in-lower-case
  SettingType type;
  std::string_view unit;      ///< of a number; empty: a count
  std::string_view fallback;  ///< the default, as text
  std::int64_t least;         ///< of a number
  std::int64_t most;
  std::string_view choices;  ///< of a choice: "text, json"
  std::string_view help;     ///< a sentence
  std::string_view example;
  /// Checks the text, and stores the value in the settings. Error kInvalidArgument.
  Result<void> (*apply)(const Setting& setting, std::string_view text, Settings& settings);
};

[[nodiscard]] std::span<const Setting> setting_table();
/// Null: no such setting.
[[nodiscard]] const Setting* find_setting(std::string_view name);
/// "--data-dir" of "DATA_DIR"
[[nodiscard]] std::string flag_of(const Setting& setting);
/// The accepted values, for people: "1 to 1000", "text, json".
[[nodiscard]] std::string range_of(const Setting& setting);
/// The value without secrets: "***" stands for a secret, and for a password within a URL.
[[nodiscard]] std::string shown(const Setting& setting, std::string_view text);

}  // namespace tapedeck

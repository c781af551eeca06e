#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace tapedeck::sql {

/// A value for ?1, ?2, … It borrows texts and lists.
struct Parameter {
  enum class Kind { kBoolean, kInteger, kText, kIntegers, kTexts };
  Kind kind = Kind::kText;
  bool is_null = false;
  std::int64_t integer = 0;  ///< of kInteger, and of kBoolean: 0 or 1
  std::string_view text;
  std::span<const std::int64_t> integers;
  std::span<const std::string> texts;
};

[[nodiscard]] inline Parameter to_parameter(bool value) {
  return {Parameter::Kind::kBoolean, false, value ? 1 : 0, {}, {}, {}};
}
[[nodiscard]] inline Parameter to_parameter(std::int64_t value) {
  return {Parameter::Kind::kInteger, false, value, {}, {}, {}};
}
[[nodiscard]] inline Parameter to_parameter(int value) { return to_parameter(std::int64_t{value}); }
[[nodiscard]] inline Parameter to_parameter(SystemTime value) { return to_parameter(value.time_since_epoch().count()); }
[[nodiscard]] inline Parameter to_parameter(std::string_view value) {
  return {Parameter::Kind::kText, false, 0, value, {}, {}};
}
[[nodiscard]] inline Parameter to_parameter(const std::string& value) { return to_parameter(std::string_view(value)); }
[[nodiscard]] inline Parameter to_parameter(const char* value) { return to_parameter(std::string_view(value)); }
[[nodiscard]] inline Parameter to_parameter(const std::vector<std::int64_t>& values) {
  return {Parameter::Kind::kIntegers, false, 0, {}, values, {}};
}
[[nodiscard]] inline Parameter to_parameter(const std::vector<std::string>& values) {
  return {Parameter::Kind::kTexts, false, 0, {}, {}, values};
}
template <class IdKind>
[[nodiscard]] Parameter to_parameter(const Id<IdKind>& id) {
  return to_parameter(id.view());
}
template <class T>
[[nodiscard]] Parameter to_parameter(const std::optional<T>& value) {
  if (value) return to_parameter(*value);
  Parameter null = to_parameter(T());  // of the same kind
  null.is_null = true;
  return null;
}

}  // namespace tapedeck::sql

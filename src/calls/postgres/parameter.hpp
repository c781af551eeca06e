#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "domain/ids.hpp"

namespace tapedeck::postgres {

/// A value for $1, $2, ... in PostgreSQL's binary form, which has lengths: text that holds a zero byte is refused by
/// the server instead of being cut off there.
struct Parameter {
  unsigned int type = 0;  ///< its OID (catalog/pg_type.dat)
  bool is_null = false;
  std::string bytes;
};

[[nodiscard]] Parameter to_parameter(bool value);
[[nodiscard]] Parameter to_parameter(std::int64_t value);
[[nodiscard]] Parameter to_parameter(std::string_view value);
/// bigint[] and text[].
[[nodiscard]] Parameter to_parameter(const std::vector<std::int64_t>& values);
[[nodiscard]] Parameter to_parameter(const std::vector<std::string>& values);

[[nodiscard]] inline Parameter to_parameter(int value) { return to_parameter(std::int64_t{value}); }
[[nodiscard]] inline Parameter to_parameter(const std::string& value) { return to_parameter(std::string_view(value)); }
[[nodiscard]] inline Parameter to_parameter(const char* value) { return to_parameter(std::string_view(value)); }
[[nodiscard]] inline Parameter to_parameter(SystemTime value) { return to_parameter(value.time_since_epoch().count()); }
template <class Kind>
[[nodiscard]] Parameter to_parameter(const Id<Kind>& id) {
  return to_parameter(id.view());
}
template <class T>
[[nodiscard]] Parameter to_parameter(const std::optional<T>& value) {
  if (value) return to_parameter(*value);
  Parameter null = to_parameter(T());
  null.is_null = true;
  return null;
}

}  // namespace tapedeck::postgres

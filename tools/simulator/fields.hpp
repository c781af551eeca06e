#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "base/error.hpp"

namespace tapedeck::simulator {

/// Reads the members of a JSON object by name and remembers the first problem, so that a caller reads all members and
/// asks once. A member that was never read is a problem too, so that a misspelt fault is not ignored.
class Fields {
 public:
  /// Borrows `object`, which must outlive this.
  explicit Fields(const boost::json::object& object) : object_(&object) {}

  [[nodiscard]] bool has(std::string_view name) const;
  std::string text(std::string_view name, std::string_view fallback = "");
  /// As text(), and the value must be one of `allowed`.
  std::string choice(std::string_view name, std::initializer_list<std::string_view> allowed, std::string_view fallback);
  /// A SID with this prefix; empty when the member is missing and not `required`.
  std::string sid(std::string_view name, std::string_view prefix, bool required = false);
  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t least, std::int64_t most);
  double number(std::string_view name, double fallback, double least, double most);
  bool boolean(std::string_view name, bool fallback);
  /// nullptr when missing.
  const boost::json::object* object(std::string_view name);
  const boost::json::array* array(std::string_view name);
  const boost::json::value* any(std::string_view name);
  std::vector<std::string> texts(std::string_view name);

  void reject(std::string problem);
  /// The first problem, including members that were never read.
  [[nodiscard]] std::optional<std::string> problem() const;
  /// problem() as a Result.
  [[nodiscard]] Result<void> check() const;

 private:
  const boost::json::value* find(std::string_view name);

  const boost::json::object* object_;
  std::set<std::string, std::less<>> asked_;
  std::optional<std::string> problem_;
};

}  // namespace tapedeck::simulator

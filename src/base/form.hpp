#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tapedeck {

/// Most fields of a form or a query: Twilio's callbacks have about forty.
inline constexpr std::size_t kFormFieldsMax = 256;

/// Fields of an application/x-www-form-urlencoded body or of a query, decoded, in the order they came.
class Form {
 public:
  struct Field {
    std::string name;
    std::string value;
  };

  Form() = default;
  explicit Form(std::vector<Field> fields) : fields_(std::move(fields)) {}

  /// Splits at "&" and "=", turns "+" into a space and decodes %XX (WHATWG URL §5.1). A field without "=" has an empty
  /// value; empty ones between two "&" are skipped. Error kInvalidArgument: a "%" without two hexadecimal digits behind
  /// it (where WHATWG would keep it), or more than kFormFieldsMax fields. Values may hold any bytes.
  [[nodiscard]] static Result<Form> parse(std::string_view text);

  [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }
  /// The first of that name. The view lives as long as the form.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// The same, and an empty one counts as absent: so Twilio sends what it does not know.
  [[nodiscard]] std::optional<std::string_view> find_filled(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

 private:
  std::vector<Field> fields_;
};

/// Decodes %XX, and "+" where `plus_is_space`. Error kInvalidArgument: a "%" without two hexadecimal digits.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace tapedeck

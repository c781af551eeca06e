#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tapedeck {

/// Most fields of a form or a query.
inline constexpr std::size_t kFormFieldsMax = 256;

/// The decoded fields of an application/x-www-form-urlencoded body or of a query, in the order in which they came.
class Form {
 public:
  struct Field {
    std::string name;
    std::string value;
  };

  Form() = default;
  explicit Form(std::vector<Field> fields) : fields_(std::move(fields)) {}

  /// Splits at "&" and "=", turns "+" into a space and decodes %XX (WHATWG URL §5.1). A field without "=" has an empty
  /// value; an empty field is skipped. Values can hold any bytes. Error kInvalidArgument: a "%" that two hexadecimal
  /// digits do not follow (WHATWG would keep it), or more than kFormFieldsMax fields.
  [[nodiscard]] static Result<Form> parse(std::string_view text);

  [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }
  /// The value of the first field of this name. The view lives as long as the form.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// The same, but an empty value counts as absent.
  [[nodiscard]] std::optional<std::string_view> find_filled(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

 private:
  std::vector<Field> fields_;
};

/// Decodes %XX, and "+" where `plus_is_space`. Error kInvalidArgument: a "%" without two hexadecimal digits.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace tapedeck

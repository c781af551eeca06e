#include "base/form.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tapedeck {
namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail(Errc::kInvalidArgument, "expected two hexadecimal digits after each \"%\"");
      }
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

Result<Form> Form::parse(std::string_view text) {
  Form form;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (form.fields_.size() == kFormFieldsMax) {
      return fail(Errc::kInvalidArgument, fmt::format("expected at most {} fields", kFormFieldsMax));
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    Result<std::string> name = percent_decode(pair.substr(0, equals), true);
    if (!name) return fail(std::move(name.error()));
    Result<std::string> value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!value) return fail(std::move(value.error()));
    form.fields_.push_back(Field{std::move(*name), std::move(*value)});
  }
  return form;
}

std::optional<std::string_view> Form::find(std::string_view name) const noexcept {
  for (const Field& field : fields_) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Form::find_filled(std::string_view name) const noexcept {
  const std::optional<std::string_view> value = find(name);
  return value && !value->empty() ? value : std::nullopt;
}

std::size_t Form::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(fields_, name, &Field::name));
}

}  // namespace tapedeck

#include "domain/event.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace tapedeck {
namespace {

bool needs_quotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= 0x20 || byte == 0x7f || c == '"' || c == '=' || c == '\\';
         });
}

// Bytes above 0x7f pass, because they are the UTF-8 of names and sentences. Terminal escape sequences begin with 0x1b;
// UTF-8 encodes C1 controls as 0xc2 0x80..0x9f.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1_control = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (text[i] == '"' || text[i] == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte < 0x20 || byte == 0x7f || c1_control) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += text[i];
    }
  }
  return out + "\"";
}

std::string value_text(std::string_view name, const Event::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    const std::string shown = name == "sid" ? short_sid(*text) : *text;
    return needs_quotes(shown) ? quote(shown) : shown;
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{:.3f}", *real);
  return std::get<bool>(value) ? "true" : "false";
}

}  // namespace

std::string_view severity_name(Severity severity) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warning", "error"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::string short_sid(std::string_view sid) { return std::string(sid.substr(0, kShortSidLength)) + "..."; }

std::string format_text(const Event& event) {
  std::string line;
  if (!event.glyph.empty()) line.append(event.glyph).append(" ");
  line.append(event.name);
  for (const Event::Field& field : event.fields) {
    line.append(" ").append(field.name).append("=").append(value_text(field.name, field.value));
  }
  return line;
}

}  // namespace tapedeck

#include "core/ids.hpp"

#include <algorithm>

namespace tapedeck {
namespace {

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_business_char(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

}  // namespace

bool is_twilio_sid(std::string_view text, std::string_view prefix) noexcept {
  return text.size() == kTwilioSidLength && text.starts_with(prefix) &&
         std::ranges::all_of(text.substr(prefix.size()), is_hex);
}

bool BusinessKind::is_valid(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kBusinessIdMaxLength && std::ranges::all_of(text, is_business_char);
}

}  // namespace tapedeck

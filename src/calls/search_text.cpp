#include "calls/search_text.hpp"

#include <locale.h>
#include <algorithm>
#include <bit>
#include <cwctype>

#include <boost/locale/encoding_utf.hpp>

namespace tapedeck {
namespace {

constexpr std::string_view kNumberCharacters = "0123456789 +-().";

// The C library's own UTF-8 locale, whatever the environment says. Never freed: it lives as long as the process.
locale_t utf8_locale() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

wchar_t fold(wchar_t c) {
  if (c < L' ') return L' ';  // a line break separates fields in search_text
  const locale_t locale = utf8_locale();
  const auto wide = std::bit_cast<wint_t>(c);
  return static_cast<wchar_t>(locale != nullptr ? ::towlower_l(wide, locale) : std::towlower(wide));
}

// Bytes that are not UTF-8 are left out.
std::string fold(std::string_view text) {
  auto wide = boost::locale::conv::utf_to_utf<wchar_t>(text.data(), text.data() + text.size());
  std::ranges::transform(wide, wide.begin(), [](wchar_t c) { return fold(c); });
  return boost::locale::conv::utf_to_utf<char>(wide);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string digits_of(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
  return digits;
}

}  // namespace

std::string search_text(std::string_view from, std::string_view to) {
  return fold(from) + '\n' + fold(to) + '\n' + digits_of(from) + '\n' + digits_of(to);
}

SearchNeedles search_needles(std::string_view search) {
  SearchNeedles needles{fold(search), {}};
  if (search.find_first_not_of(kNumberCharacters) == std::string_view::npos) needles.digits = digits_of(search);
  if (needles.digits == needles.text) needles.digits.clear();
  return needles;
}

}  // namespace tapedeck

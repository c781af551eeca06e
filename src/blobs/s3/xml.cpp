#include "blobs/s3/xml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tapedeck::s3 {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
    {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};

struct Tag {
  std::string_view name;    // without a prefix
  bool is_closing = false;  // "</Name>"
  bool is_empty = false;    // "<Name/>"
  std::size_t begin = 0;
  std::size_t end = 0;  // behind the ">"
};

// The next tag from `from` on; comments and declarations are tags of no name that is asked for.
std::optional<Tag> next_tag(std::string_view xml, std::size_t from) {
  const std::size_t begin = xml.find('<', from);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t close = xml.find('>', begin);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view inner = xml.substr(begin + 1, close - begin - 1);
  const bool is_closing = inner.starts_with('/');
  std::string_view name = inner.substr(is_closing ? 1 : 0);
  name = name.substr(0, std::min(name.find_first_of(" \t\r\n/"), name.size()));
  const std::size_t colon = name.find(':');
  if (colon != std::string_view::npos) name.remove_prefix(colon + 1);
  return Tag{name, is_closing, !is_closing && inner.ends_with('/'), begin, close + 1};
}

// "&#39;" or "&#x27;" of one byte; the others stay as they are.
std::optional<char> numeric_entity(std::string_view entity) {
  if (!entity.starts_with("&#") || entity.size() < 4) return std::nullopt;
  const bool is_hex = entity[2] == 'x' || entity[2] == 'X';
  const std::string_view digits = entity.substr(is_hex ? 3 : 2, entity.size() - (is_hex ? 4 : 3));
  int code = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hex ? 16 : 10);
  if (failure != std::errc{} || end != digits.data() + digits.size() || code < 1 || code > 126) return std::nullopt;
  return static_cast<char>(code);
}

std::optional<char> character_of(std::string_view entity) {
  for (const auto& [name, character] : kEntities) {
    if (entity == name) return character;
  }
  return numeric_entity(entity);
}

std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '&') {
      const std::string_view entity = text.substr(at, text.find(';', at) - at + 1);
      if (const auto character = character_of(entity)) {
        result += *character;
        at += entity.size();
        continue;
      }
    }
    result += text[at++];
  }
  return result;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name) {
  std::vector<std::string_view> found;
  std::optional<std::size_t> inner_begin;
  for (auto tag = next_tag(xml, 0); tag && found.size() < kXmlElementsMax; tag = next_tag(xml, tag->end)) {
    if (tag->name != name) continue;
    if (tag->is_empty) {
      found.emplace_back();
    } else if (!tag->is_closing) {
      inner_begin = tag->end;
    } else if (inner_begin) {
      found.push_back(xml.substr(*inner_begin, tag->begin - *inner_begin));
      inner_begin.reset();
    }
  }
  return found;
}

std::optional<std::string> xml_text(std::string_view xml, std::string_view name) {
  const std::vector<std::string_view> found = xml_elements(xml, name);
  if (found.empty()) return std::nullopt;
  return unescape(trim(found.front()));
}

std::string xml_escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto entity = std::ranges::find(kEntities, c, [](const auto& pair) { return pair.second; });
    if (entity == kEntities.end()) {
      result += c;
    } else {
      result += entity->first;
    }
  }
  return result;
}

}  // namespace tapedeck::s3

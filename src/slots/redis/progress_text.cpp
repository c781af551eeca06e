#include "slots/redis/progress_text.hpp"

#include <charconv>
#include <system_error>

namespace tapedeck::redis {
namespace {

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string progress_text(const Progress& progress) {
  std::string text = std::to_string(progress.bytes);
  if (progress.total) text += ' ' + std::to_string(*progress.total);
  return text;
}

std::optional<Progress> parse_progress(std::string_view text) {
  const std::size_t space = text.find(' ');
  const auto bytes = parse_count(text.substr(0, space));
  if (!bytes) return std::nullopt;
  if (space == std::string_view::npos) return Progress{*bytes, std::nullopt};
  const auto total = parse_count(text.substr(space + 1));
  return total ? std::optional(Progress{*bytes, total}) : std::nullopt;
}

}  // namespace tapedeck::redis

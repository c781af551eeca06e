#include "http/api/fields.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"

namespace tapedeck::http {
namespace {

char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> json_integer(const boost::json::value& value) {
  if (const std::int64_t* number = value.if_int64()) return *number;
  return std::nullopt;  // an unsigned integer beyond int64 is out of every range
}

}  // namespace

std::string media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ') || content_type.ends_with('\t')) content_type.remove_suffix(1);
  std::string type(content_type);
  std::ranges::transform(type, type.begin(), to_lower);
  return type;
}

std::expected<boost::json::object, Problem> parse_json_body(const Request& request, bool type_must_be_named) {
  const std::string type = media_type(request.header(boost::beast::http::field::content_type));
  if (type != "application/json" && (!type.empty() || type_must_be_named)) {
    return refuse(ProblemKind::kUnsupportedMediaType, "Content-Type: expected application/json");
  }
  if (request.body.size() > kJsonBodyMax) {
    return refuse(ProblemKind::kTooLarge, fmt::format("body: expected at most {} bytes of JSON", kJsonBodyMax));
  }
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::json::error_code error;
  boost::json::value value = boost::json::parse({request.body.data(), request.body.size()}, error, {}, options);
  if (error == boost::json::error::too_deep) {
    return refuse(ProblemKind::kBadRequest, fmt::format("body: expected JSON at most {} levels deep", kJsonDepthMax));
  }
  if (error || !value.is_object()) return refuse(ProblemKind::kBadRequest, "body: expected a JSON object");
  return std::move(value.get_object());
}

const boost::json::value* FieldReader::member(std::string_view name) const {
  const boost::json::value* value = object_->if_contains({name.data(), name.size()});
  return value != nullptr && value->is_null() ? nullptr : value;
}

void FieldReader::refuse_value(std::string_view name, std::string_view expected) {
  if (!failed()) refusal_ = fmt::format("{}{}: {}", prefix_, name, expected);
}

std::optional<std::string_view> FieldReader::raw_text(std::string_view name, std::string_view expected) {
  if (failed()) return std::nullopt;
  if (query_ != nullptr) {
    if (query_->count(name) <= 1) return query_->find_filled(name);
    refuse_value(name, "expected at most once");
    return std::nullopt;
  }
  const boost::json::value* value = member(name);
  if (value == nullptr) return std::nullopt;
  if (const boost::json::string* text = value->if_string()) return std::string_view(text->data(), text->size());
  refuse_value(name, expected);
  return std::nullopt;
}

std::optional<std::string> FieldReader::text(std::string_view name, std::size_t most) {
  const std::string expected = fmt::format("expected a text of at most {} bytes without control characters", most);
  const std::optional<std::string_view> raw = raw_text(name, expected);
  if (!raw) return std::nullopt;
  if (raw->size() <= most && is_clean_text(*raw)) return std::string(*raw);
  refuse_value(name, expected);
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  if (failed()) return std::nullopt;
  std::optional<std::int64_t> number;
  if (query_ != nullptr) {
    const std::optional<std::string_view> raw = raw_text(name, {});
    if (!raw) return std::nullopt;
    number = parse_integer(*raw);
  } else {
    const boost::json::value* value = member(name);
    if (value == nullptr) return std::nullopt;
    number = json_integer(*value);
  }
  if (number && *number >= least && *number <= most) return number;
  refuse_value(name, fmt::format("expected an integer from {} to {}", least, most));
  return std::nullopt;
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  if (query_ != nullptr) {
    const std::optional<std::string_view> raw = raw_text(name, {});
    if (!raw) return std::nullopt;
    if (*raw == "1" || *raw == "true") return true;
    if (*raw == "0" || *raw == "false") return false;
    refuse_value(name, "expected 1 or 0");
    return std::nullopt;
  }
  const boost::json::value* value = failed() ? nullptr : member(name);
  if (value == nullptr) return std::nullopt;
  if (const bool* flag = value->if_bool()) return *flag;
  refuse_value(name, "expected true or false");
  return std::nullopt;
}

std::optional<SystemTime> FieldReader::time(std::string_view name) {
  const std::optional<std::string_view> raw = raw_text(name, "expected a time like 2026-11-23T12:00:00Z");
  if (!raw) return std::nullopt;
  const Result<SystemTime> parsed = parse_rfc3339(*raw);
  if (parsed) return *parsed;
  refuse_value(name, parsed.error().detail);
  return std::nullopt;
}

std::optional<CallDirection> FieldReader::direction(std::string_view name) {
  constexpr std::string_view kExpected = "expected \"inbound\" or \"outbound\"";
  const std::optional<std::string_view> raw = raw_text(name, kExpected);
  if (!raw) return std::nullopt;
  const std::optional<CallDirection> parsed = parse_direction(*raw);
  if (!parsed) refuse_value(name, kExpected);
  return parsed;
}

const boost::json::object* FieldReader::object(std::string_view name) {
  const boost::json::value* value = failed() ? nullptr : member(name);
  if (value == nullptr) return nullptr;
  if (const boost::json::object* inner = value->if_object()) return inner;
  refuse_value(name, "expected an object");
  return nullptr;
}

}  // namespace tapedeck::http

#include "fields.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "domain/ids.hpp"

namespace tapedeck::simulator {

namespace json = boost::json;

const json::value* Fields::find(std::string_view name) {
  asked_.emplace(name);
  const json::value* value = object_->if_contains(name);
  return value != nullptr && value->is_null() ? nullptr : value;
}

bool Fields::has(std::string_view name) const { return object_->contains(name); }

std::string Fields::text(std::string_view name, std::string_view fallback) {
  const json::value* value = find(name);
  if (value == nullptr) return std::string(fallback);
  if (!value->is_string()) {
    reject(fmt::format("\"{}\" must be a string", name));
    return std::string(fallback);
  }
  return std::string(value->get_string());
}

std::string Fields::choice(std::string_view name, std::initializer_list<std::string_view> allowed,
                           std::string_view fallback) {
  std::string value = text(name, fallback);
  if (std::ranges::find(allowed, value) == allowed.end()) {
    reject(fmt::format("\"{}\" must be one of: {}", name, fmt::join(allowed, ", ")));
    return std::string(fallback);
  }
  return value;
}

std::string Fields::sid(std::string_view name, std::string_view prefix, bool required) {
  std::string value = text(name);
  const bool is_good = value.empty() ? !required : is_sid(value, prefix);
  if (!is_good) reject(fmt::format("\"{}\" must be {} and 32 hexadecimal digits", name, prefix));
  return value;
}

std::int64_t Fields::integer(std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most) {
  return optional_integer(name, least, most).value_or(fallback);
}

std::optional<std::int64_t> Fields::optional_integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  json::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  if (error || number < least || number > most) {
    reject(fmt::format("\"{}\" must be a whole number from {} to {}", name, least, most));
    return std::nullopt;
  }
  return number;
}

double Fields::number(std::string_view name, double fallback, double least, double most) {
  const json::value* value = find(name);
  if (value == nullptr) return fallback;
  json::error_code error;
  const auto number = value->to_number<double>(error);
  // Written so that it refuses a NaN too.
  if (error || !(number >= least && number <= most)) {
    reject(fmt::format("\"{}\" must be a number from {} to {}", name, least, most));
    return fallback;
  }
  return number;
}

bool Fields::boolean(std::string_view name, bool fallback) {
  const json::value* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) {
    reject(fmt::format("\"{}\" must be true or false", name));
    return fallback;
  }
  return value->get_bool();
}

const json::object* Fields::object(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) reject(fmt::format("\"{}\" must be an object", name));
  return value->if_object();
}

const json::array* Fields::array(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) reject(fmt::format("\"{}\" must be an array", name));
  return value->if_array();
}

const json::value* Fields::any(std::string_view name) { return find(name); }

std::vector<std::string> Fields::texts(std::string_view name) {
  std::vector<std::string> out;
  const json::array* values = array(name);
  if (values == nullptr) return out;
  for (const json::value& value : *values) {
    if (!value.is_string()) {
      reject(fmt::format("\"{}\" must be an array of strings", name));
      return {};
    }
    out.emplace_back(value.get_string());
  }
  return out;
}

void Fields::reject(std::string problem) {
  if (!problem_) problem_ = std::move(problem);
}

std::optional<std::string> Fields::problem() const {
  if (problem_) return problem_;
  for (const auto& member : *object_) {
    if (!asked_.contains(std::string_view(member.key()))) {
      return fmt::format("\"{}\" is not known here; known are: {}", std::string_view(member.key()),
                         fmt::join(asked_, ", "));
    }
  }
  return std::nullopt;
}

Result<void> Fields::check() const {
  if (auto found = problem()) return fail(Errc::kInvalidArgument, *std::move(found));
  return {};
}

}  // namespace tapedeck::simulator

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>

#include "base/form.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"
#include "domain/recording.hpp"
#include "http/api/problem.hpp"

namespace tapedeck::http {

/// Largest JSON body, in bytes. The server's limit for bodies is larger, because forms may be.
inline constexpr std::size_t kJsonBodyMax = 64 * 1024;
/// Deepest nesting of a JSON body.
inline constexpr std::size_t kJsonDepthMax = 8;

/// Parses a body that is a JSON object. Refuses another media type, a body larger than kJsonBodyMax or deeper than
/// kJsonDepthMax, and any other value. A missing type counts as JSON unless `type_must_be_named`.
[[nodiscard]] std::expected<boost::json::object, Problem> parse_json_body(const Request& request,
                                                                          bool type_must_be_named = false);

/// The media type of a Content-Type header in lower case, without its parameters.
[[nodiscard]] std::string media_type(std::string_view content_type);

/// Reads named values one by one from a JSON object or a query. It keeps the first refusal, a sentence that names the
/// field; every later field reads as absent. Unknown fields are tolerated, so that callers may be newer than the
/// server.
class FieldReader {
 public:
  /// `prefix`: of the names in refusals ("recording."). The object outlives the reader.
  explicit FieldReader(const boost::json::object& object, std::string prefix = {})
      : object_(&object), prefix_(std::move(prefix)) {}
  /// Refuses a field that is given twice; an empty one reads as absent. The form outlives the reader.
  explicit FieldReader(const Form& query) : query_(&query) {}

  /// Text without control characters, at most `most` bytes of UTF-8.
  [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t most);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::optional<SystemTime> time(std::string_view name);
  [[nodiscard]] std::optional<CallDirection> direction(std::string_view name);
  template <class IdType>
  [[nodiscard]] std::optional<IdType> id(std::string_view name);
  /// An object inside the JSON object.
  [[nodiscard]] const boost::json::object* object(std::string_view name);

  /// Refuses a field for the caller, unless an earlier field was refused.
  void refuse_value(std::string_view name, std::string_view expected);
  [[nodiscard]] bool failed() const noexcept { return !refusal_.empty(); }
  /// The first refusal, as a problem.
  [[nodiscard]] std::unexpected<Problem> refusal() const { return refuse(ProblemKind::kBadRequest, refusal_); }
  /// Takes over the refusal of an inner object's reader.
  void adopt(const FieldReader& inner) {
    if (!failed()) refusal_ = inner.refusal_;
  }

 private:
  [[nodiscard]] const boost::json::value* member(std::string_view name) const;
  /// The text of a field, if it is present and a text.
  [[nodiscard]] std::optional<std::string_view> raw_text(std::string_view name, std::string_view expected);

  const boost::json::object* object_ = nullptr;
  const Form* query_ = nullptr;
  std::string prefix_;
  std::string refusal_;
};

template <class IdType>
std::optional<IdType> FieldReader::id(std::string_view name) {
  const std::optional<std::string_view> text = raw_text(name, "expected a text");
  if (!text) return std::nullopt;
  Result<IdType> parsed = IdType::parse(*text);
  if (parsed) return std::move(*parsed);
  refuse_value(name, parsed.error().detail);
  return std::nullopt;
}

}  // namespace tapedeck::http

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

/// Largest JSON body that is read, in bytes; the server's own limit for bodies is larger, for forms.
inline constexpr std::size_t kJsonBodyMax = 64 * 1024;
/// Deepest nesting of a JSON body.
inline constexpr std::size_t kJsonDepthMax = 8;

/// A JSON object out of a body. Refused: another media type (none at all is taken for JSON unless
/// `type_must_be_named`), more than kJsonBodyMax, deeper than kJsonDepthMax, anything that is no object.
[[nodiscard]] std::expected<boost::json::object, Problem> parse_json_body(const Request& request,
                                                                          bool type_must_be_named = false);

/// The media type of a Content-Type header in lower case, without its parameters.
[[nodiscard]] std::string media_type(std::string_view content_type);

/// Where named values come from: a JSON object, or a query. Reads them one by one; the first wrong one is remembered,
/// with a sentence that names it, and everything after it reads as absent. Fields that nobody asks for are tolerated,
/// so that callers may be newer than the server.
class FieldReader {
 public:
  /// `prefix`: of the names in sentences ("recording."). The object outlives the reader.
  explicit FieldReader(const boost::json::object& object, std::string prefix = {})
      : object_(&object), prefix_(std::move(prefix)) {}
  /// A field that is given twice is refused, and an empty one reads as absent. The form outlives the reader.
  explicit FieldReader(const Form& query) : query_(&query) {}

  /// Text without control characters, at most `most` bytes of UTF-8.
  [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t most);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::optional<SystemTime> time(std::string_view name);
  [[nodiscard]] std::optional<CallDirection> direction(std::string_view name);
  template <class IdType>
  [[nodiscard]] std::optional<IdType> id(std::string_view name);
  /// An object within the JSON object.
  [[nodiscard]] const boost::json::object* object(std::string_view name);

  /// Refuses on the caller's behalf, unless something was refused before.
  void refuse_value(std::string_view name, std::string_view expected);
  [[nodiscard]] bool failed() const noexcept { return !refusal_.empty(); }
  /// The first refusal, as a problem.
  [[nodiscard]] std::unexpected<Problem> refusal() const { return refuse(ProblemKind::kBadRequest, refusal_); }
  /// Takes over what a reader of an inner object refused.
  void adopt(const FieldReader& inner) {
    if (!failed()) refusal_ = inner.refusal_;
  }

 private:
  [[nodiscard]] const boost::json::value* member(std::string_view name) const;
  /// The text of a field, if it is there and is text.
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

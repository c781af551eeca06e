#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>

#include "base/error.hpp"
#include "base/time.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// Every kind of refusal. The type URL is /docs/problems#<slug>.
enum class ProblemKind {
  kBadRequest,
  kUnauthenticated,
  kForbidden,
  kCsrf,
  kNotFound,
  kMethodNotAllowed,
  kConflict,
  kGone,
  kTooLarge,
  kUnsupportedMediaType,
  kRecordingFailed,
  kPeaksFailed,
  kInternal,
  kAudioDamaged,
  kUnavailable,
};

struct ProblemType {
  ProblemKind kind;
  unsigned status;
  std::string_view slug;
  std::string_view title;
  std::string_view help;  ///< for people: the meaning, and what to do
};
[[nodiscard]] std::span<const ProblemType> problem_types() noexcept;
[[nodiscard]] const ProblemType& problem_type(ProblemKind kind) noexcept;

/// Why a request was refused or failed.
struct Problem {
  ProblemKind kind = ProblemKind::kInternal;
  std::string detail;          ///< a sentence: what is wrong and what is expected
  boost::json::object more{};  ///< extension members: "cause", "retry_at"
  std::optional<Seconds> retry_after = std::nullopt;
  std::string allow{};       ///< the Allow header of kMethodNotAllowed
  std::string log_detail{};  ///< the detail of an internal failure, for the log only
};

/// The answer of a route.
using Answer = std::expected<Response, Problem>;

/// The one place where errors become HTTP.
[[nodiscard]] Problem to_problem(const Error& error);

[[nodiscard]] inline std::unexpected<Problem> refuse(Problem problem) { return std::unexpected(std::move(problem)); }
[[nodiscard]] inline std::unexpected<Problem> refuse(const Error& error) { return std::unexpected(to_problem(error)); }
[[nodiscard]] inline std::unexpected<Problem> refuse(ProblemKind kind, std::string detail) {
  return std::unexpected(Problem{.kind = kind, .detail = std::move(detail)});
}
/// A refusal of outside input: the field's name, then what is expected.
[[nodiscard]] std::unexpected<Problem> refuse_field(std::string_view field, std::string_view expected);

/// The problem document (RFC 9457). `path`: of the request, without the query, which may hold a signature.
[[nodiscard]] Response to_response(const Problem& problem, std::string_view path);

/// An answer in JSON.
[[nodiscard]] Response json_response(unsigned status, const boost::json::object& body);
/// An answer without a body.
[[nodiscard]] Response empty_response(unsigned status);
/// Adds Retry-After, if there is a time.
void add_retry_after(Response& response, std::optional<Seconds> wait);

}  // namespace tapedeck::http

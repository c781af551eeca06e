#include "http/api/problem.hpp"

#include <array>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"

namespace tapedeck::http {
namespace {

constexpr std::size_t kInstanceMax = 256;
/// What a client is told to wait when a store is away.
constexpr Seconds kUnavailableRetryAfter{2};

constexpr std::array kTypes{
    ProblemType{ProblemKind::kBadRequest, 400, "bad-request", "The request is malformed",
                "The detail names the field and says what is expected. Nothing was changed."},
    ProblemType{ProblemKind::kUnauthenticated, 401, "unauthenticated", "Sign in first",
                "Send Authorization: Bearer with an API key, the page's session cookie, or a signed link that is "
                "still good."},
    ProblemType{ProblemKind::kForbidden, 403, "forbidden", "Not allowed",
                "The credentials are right, but the action is not theirs. A webhook gets this for a signature that "
                "does not match, for another account's event, and for an unknown business alike."},
    ProblemType{ProblemKind::kCsrf, 403, "csrf", "The CSRF token is missing or wrong",
                "A request of a page session that changes something must repeat the csrf_token of GET /api/session "
                "in the header X-CSRF-Token."},
    ProblemType{ProblemKind::kNotFound, 404, "not-found", "Not found",
                "There is no such thing, or it is another business's: the two look the same."},
    ProblemType{ProblemKind::kMethodNotAllowed, 405, "method-not-allowed", "The method is not allowed here",
                "The header Allow lists the methods of this path."},
    ProblemType{ProblemKind::kConflict, 409, "conflict", "The present state forbids it",
                "The detail says which state. Look at the status, then decide."},
    ProblemType{ProblemKind::kGone, 410, "gone", "The recording is gone",
                "It was deleted here, or the provider says that it does not exist. The cause says which."},
    ProblemType{ProblemKind::kTooLarge, 413, "too-large", "The request is too large", "The detail names the limit."},
    ProblemType{ProblemKind::kUnsupportedMediaType, 415, "unsupported-media-type",
                "The body has a type that is not understood", "The detail names the type that is expected."},
    ProblemType{ProblemKind::kRecordingFailed, 424, "recording-failed", "The recording could not be fetched",
                "All attempts at the provider have failed; the cause says why. POST to its /retry to try again."},
    ProblemType{ProblemKind::kPeaksFailed, 424, "peaks-failed", "There is no waveform of the recording",
                "The audio could not be decoded here; the cause says why. It can be played and downloaded all the "
                "same."},
    ProblemType{ProblemKind::kInternal, 500, "internal", "An error of the server",
                "It is in the server's log. Please report it."},
    ProblemType{
        ProblemKind::kAudioDamaged, 502, "audio-damaged", "The stored audio is missing or damaged",
        "The bytes in the store are missing, or are not those that were fetched, so they are not played. A press "
        "of play fetches the recording again, if the provider still has it; else the operator must restore the "
        "file."},
    ProblemType{ProblemKind::kUnavailable, 503, "unavailable", "A part of the server is away",
                "Try again after the time in Retry-After."},
};

struct Mapping {
  Errc code;
  ProblemKind kind;
};

// Errors of operation in HTTP; what is not here is an error of ours.
constexpr std::array kMappings{
    Mapping{Errc::kInvalidArgument, ProblemKind::kBadRequest},
    Mapping{Errc::kNotFound, ProblemKind::kNotFound},
    Mapping{Errc::kConflict, ProblemKind::kConflict},
    Mapping{Errc::kUnauthenticated, ProblemKind::kUnauthenticated},
    Mapping{Errc::kForbidden, ProblemKind::kForbidden},
    Mapping{Errc::kTooLarge, ProblemKind::kTooLarge},
    Mapping{Errc::kCorrupt, ProblemKind::kAudioDamaged},
    Mapping{Errc::kUnavailable, ProblemKind::kUnavailable},
    Mapping{Errc::kTimedOut, ProblemKind::kUnavailable},
    Mapping{Errc::kCancelled, ProblemKind::kUnavailable},
    Mapping{Errc::kIo, ProblemKind::kUnavailable},
    Mapping{Errc::kNoSpace, ProblemKind::kUnavailable},
    Mapping{Errc::kReadOnly, ProblemKind::kUnavailable},
    Mapping{Errc::kLeaseLost, ProblemKind::kUnavailable},
    Mapping{Errc::kSlotsLost, ProblemKind::kUnavailable},
    Mapping{Errc::kSlotsRebuilding, ProblemKind::kUnavailable},
    Mapping{Errc::kStaleFence, ProblemKind::kConflict},
};

ProblemKind kind_of(Errc code) noexcept {
  for (const Mapping& mapping : kMappings) {
    if (mapping.code == code) return mapping.kind;
  }
  return ProblemKind::kInternal;
}

}  // namespace

std::span<const ProblemType> problem_types() noexcept { return kTypes; }

const ProblemType& problem_type(ProblemKind kind) noexcept {
  for (const ProblemType& type : kTypes) {
    if (type.kind == kind) return type;
  }
  return kTypes.front();
}

Problem to_problem(const Error& error) {
  Problem problem{.kind = kind_of(error.errc()), .detail = error.detail};
  if (problem_type(problem.kind).status < 500) return problem;
  // Failures of ours: the operator's log says which disk or database, the client only that it was not its fault.
  problem.log_detail = fmt::format("{}: {}", errc_name(error.errc()), error.detail);
  problem.more["cause"] = {{"code", errc_name(error.errc())}};
  switch (problem.kind) {
    case ProblemKind::kUnavailable:
      problem.detail = "A store that this needs is away. Nothing is lost: try again.";
      problem.retry_after = kUnavailableRetryAfter;
      break;
    case ProblemKind::kAudioDamaged:
      break;
    default:
      problem.detail = "The server failed at this. Its log says more.";
  }
  return problem;
}

std::unexpected<Problem> refuse_field(std::string_view field, std::string_view expected) {
  return refuse(ProblemKind::kBadRequest, fmt::format("{}: {}", field, expected));
}

Response to_response(const Problem& problem, std::string_view path) {
  const ProblemType& type = problem_type(problem.kind);
  boost::json::object body{{"type", fmt::format("/docs/problems#{}", type.slug)},
                           {"title", type.title},
                           {"status", type.status},
                           {"detail", problem.detail},
                           {"instance", to_clean_text(path, kInstanceMax)}};
  for (const auto& member : problem.more) body.insert(member);
  Response response = json_response(type.status, body);
  response.headers.front().second = "application/problem+json";
  if (problem.retry_after) response.headers.emplace_back("Retry-After", std::to_string(problem.retry_after->count()));
  if (!problem.allow.empty()) response.headers.emplace_back("Allow", problem.allow);
  if (type.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"tapedeck\"");
  return response;
}

Response json_response(unsigned status, const boost::json::object& body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = boost::json::serialize(body);
  return response;
}

Response empty_response(unsigned status) {
  Response response;
  response.status = status;
  return response;
}

}  // namespace tapedeck::http

#include "http/api/problem.hpp"

#include <array>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"

namespace tapedeck::http {
namespace {

constexpr std::size_t kInstanceMax = 256;
/// Retry-After while a store is unavailable.
constexpr Seconds kUnavailableRetryAfter{2};

constexpr std::array kTypes{
    ProblemType{ProblemKind::kBadRequest, 400, "bad-request", "Malformed request",
                "The detail names the field and what is expected. Nothing was changed."},
    ProblemType{ProblemKind::kUnauthenticated, 401, "unauthenticated", "Credentials required",
                "Send Authorization: Bearer with an API key, the page's session cookie, or a valid signed link."},
    ProblemType{ProblemKind::kForbidden, 403, "forbidden", "Not allowed",
                "The credentials do not allow this action. A webhook gets the same refusal for a wrong signature, for "
                "another account's event and for an unknown business."},
    ProblemType{ProblemKind::kCsrf, 403, "csrf", "CSRF token missing or wrong",
                "A request of a page session that changes something must repeat the csrf_token of GET /api/session "
                "in the header X-CSRF-Token."},
    ProblemType{ProblemKind::kNotFound, 404, "not-found", "Not found",
                "It does not exist, or it belongs to another business; the answer is the same."},
    ProblemType{ProblemKind::kMethodNotAllowed, 405, "method-not-allowed", "Method not allowed",
                "The Allow header lists the methods of this path."},
    ProblemType{ProblemKind::kConflict, 409, "conflict", "The current state does not allow this",
                "The detail names the state. Read the status before you try again."},
    ProblemType{ProblemKind::kGone, 410, "gone", "Recording deleted or absent",
                "It was deleted here, or the provider reports that it does not exist. The cause says which."},
    ProblemType{ProblemKind::kTooLarge, 413, "too-large", "Request too large", "The detail names the limit."},
    ProblemType{ProblemKind::kUnsupportedMediaType, 415, "unsupported-media-type", "Unsupported media type",
                "The detail names the expected type."},
    ProblemType{ProblemKind::kRecordingFailed, 424, "recording-failed", "The recording could not be fetched",
                "Every attempt at the provider failed; the cause gives the reason. POST to its /retry to try again."},
    ProblemType{
        ProblemKind::kPeaksFailed, 424, "peaks-failed", "The recording has no waveform",
        "The audio could not be decoded here; the cause gives the reason. It can still be played and downloaded."},
    ProblemType{ProblemKind::kInternal, 500, "internal", "Internal error",
                "The server's log has the reason. Please report it."},
    ProblemType{
        ProblemKind::kAudioDamaged, 502, "audio-damaged", "The stored audio is missing or damaged",
        "The bytes in the store are missing, or differ from the bytes that were fetched, so they are not played. A "
        "press of play fetches the recording again, if the provider still has it; otherwise the operator must restore "
        "the file."},
    ProblemType{ProblemKind::kUnavailable, 503, "unavailable", "A store is unavailable",
                "Try again after the time in Retry-After."},
};

struct Mapping {
  Errc code;
  ProblemKind kind;
};

// The HTTP kind of each error of operation. Any other error is internal.
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
  // An internal failure: the log names the disk or database, the client only learns that it is not at fault.
  problem.log_detail = fmt::format("{}: {}", errc_name(error.errc()), error.detail);
  problem.more["cause"] = {{"code", errc_name(error.errc())}};
  switch (problem.kind) {
    case ProblemKind::kUnavailable:
      problem.detail = "A store is unavailable. Nothing is lost; try again.";
      problem.retry_after = kUnavailableRetryAfter;
      break;
    case ProblemKind::kAudioDamaged: break;
    default: problem.detail = "Internal error. See the server's log.";
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
  add_retry_after(response, problem.retry_after);
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

void add_retry_after(Response& response, std::optional<Seconds> wait) {
  if (wait) response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
}

}  // namespace tapedeck::http

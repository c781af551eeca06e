#include "blobs/s3/refusal.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "blobs/s3/xml.hpp"

namespace tapedeck::s3 {
namespace {

constexpr std::size_t kMessageMax = 300;

struct CodeRow {
  std::string_view code;
  Remedy remedy;
};

constexpr std::array kCodes{
    CodeRow{"SlowDown", Remedy::kRepeatLater},
    CodeRow{"InternalError", Remedy::kRepeatLater},
    CodeRow{"ServiceUnavailable", Remedy::kRepeatLater},
    CodeRow{"ServiceUnavailableException", Remedy::kRepeatLater},
    CodeRow{"RequestTimeout", Remedy::kRepeatLater},
    CodeRow{"Throttling", Remedy::kRepeatLater},
    CodeRow{"TooManyRequests", Remedy::kRepeatLater},
    CodeRow{"OperationAborted", Remedy::kRepeatLater},
    CodeRow{"ConditionalRequestConflict", Remedy::kRepeatLater},
    CodeRow{"IncompleteBody", Remedy::kRepeatLater},
    CodeRow{"BadDigest", Remedy::kRepeatLater},
    CodeRow{"XAmzContentSHA256Mismatch", Remedy::kRepeatLater},
    CodeRow{"RequestTimeTooSkewed", Remedy::kSetClock},
    CodeRow{"RequestExpired", Remedy::kSetClock},
    CodeRow{"AuthorizationHeaderMalformed", Remedy::kSetRegion},
    CodeRow{"PermanentRedirect", Remedy::kSetRegion},
    CodeRow{"TemporaryRedirect", Remedy::kFollow},
    CodeRow{"Redirect", Remedy::kFollow},
    CodeRow{"ExpiredToken", Remedy::kNewCredentials},
    CodeRow{"ExpiredTokenException", Remedy::kNewCredentials},
    CodeRow{"InvalidAccessKeyId", Remedy::kNewCredentials},
};

constexpr std::array kRepeatable{408, 425, 429, 500, 502, 503, 504};

std::string hint_for(const Refusal& refusal, const Location& location) {
  const std::string& code = refusal.code;
  if (code == "NoSuchBucket") return fmt::format("there is no bucket {}: see STORAGE_URL", location.bucket);
  if (code == "InvalidAccessKeyId") return "AWS_ACCESS_KEY_ID is not known there";
  if (code == "SignatureDoesNotMatch") {
    return "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID, or the region in STORAGE_URL is wrong";
  }
  if (code == "RequestTimeTooSkewed" || code == "RequestExpired") return "this machine's clock is wrong";
  if (code == "ExpiredToken" || code == "ExpiredTokenException") return "AWS_SESSION_TOKEN has expired";
  if (remedy_for(refusal) == Remedy::kSetRegion && !refusal.region.empty() && refusal.region != location.region) {
    return fmt::format("the bucket is in region {}: say so in STORAGE_URL, and name the endpoint of that region",
                       refusal.region);
  }
  if (!refusal.endpoint.empty()) return fmt::format("{} has this bucket: see STORAGE_URL", refusal.endpoint);
  if (refusal.status == 401 || refusal.status == 403) {
    return fmt::format("the credentials may not do this with bucket {}, or are wrong", location.bucket);
  }
  return "";
}

}  // namespace

Refusal read_refusal(const CurlHead& head, std::string_view body) {
  Refusal refusal;
  refusal.status = head.status;
  const pugi::xml_document document = parse_xml(body);
  const auto text = [&document](std::string_view name) { return to_clean_text(text_of(document, name), kMessageMax); };
  refusal.code = text("Code");
  refusal.message = text("Message");
  refusal.region = text("Region");
  refusal.endpoint = text("Endpoint");
  if (const auto region = head.find("x-amz-bucket-region"); region && refusal.region.empty()) {
    refusal.region = to_clean_text(*region, kMessageMax);
  }
  return refusal;
}

Remedy remedy_for(const Refusal& refusal) {
  const auto row = std::ranges::find(kCodes, refusal.code, &CodeRow::code);
  if (row != kCodes.end()) return row->remedy;
  if (std::ranges::find(kRepeatable, refusal.status) != kRepeatable.end()) return Remedy::kRepeatLater;
  if (refusal.status == 307) return Remedy::kFollow;
  if (refusal.status == 301 || (refusal.status == 400 && !refusal.region.empty())) return Remedy::kSetRegion;
  return Remedy::kNone;
}

Error error_of_refusal(const Refusal& refusal, const Location& location) {
  std::string detail = fmt::format("{} answered {}", location_text(location), refusal.status);
  if (!refusal.code.empty()) detail += fmt::format(" {}", refusal.code);
  if (!refusal.message.empty()) detail += fmt::format(" ({})", refusal.message);
  const std::string hint = hint_for(refusal, location);
  if (!hint.empty()) detail += fmt::format(": {}", hint);
  Errc code = Errc::kUnavailable;
  if (refusal.status == 404 && refusal.code != "NoSuchBucket") code = Errc::kNotFound;
  if (refusal.status == 412) code = Errc::kConflict;
  return {code, std::move(detail)};
}

Error error_of_transfer(const CurlError& error, const Location& location) {
  Errc code = Errc::kUnavailable;
  if (error.failure == CurlFailure::kTimedOut) code = Errc::kTimedOut;
  if (error.failure == CurlFailure::kCancelled) code = Errc::kCancelled;
  return {code, fmt::format("{}: {}", location_text(location), error.detail)};
}

bool is_worth_repeating(CurlFailure failure) {
  switch (failure) {
    case CurlFailure::kUnreachable:
    case CurlFailure::kNoAnswer:
    case CurlFailure::kTimedOut:
    case CurlFailure::kTruncated:
    case CurlFailure::kBadAnswer: return true;
    case CurlFailure::kCancelled:
    case CurlFailure::kForbiddenAddress:
    case CurlFailure::kForbiddenRedirect:
    case CurlFailure::kTooLarge: break;
  }
  return false;
}

}  // namespace tapedeck::s3

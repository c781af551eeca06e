#include "provider/twilio/answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "provider/twilio/values.hpp"

namespace tapedeck {
namespace {

// Most digits of an error number that are quoted.
constexpr std::size_t kErrorDigitsMax = 8;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits at the beginning of `text`, at most kErrorDigitsMax.
std::string_view leading_digits(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  return text.substr(0, std::min(static_cast<std::size_t>(end - text.begin()), kErrorDigitsMax));
}

// Twilio's error number from {"code": 20404, ...} or <Code>20404</Code>; empty where there is none. Nothing else of the
// body is quoted, because it is outside input and can hold anything.
std::string_view error_number(std::string_view body) {
  for (const std::string_view key : {"\"code\":", "<Code>"}) {
    const std::size_t at = body.find(key);
    if (at == std::string_view::npos) continue;
    body.remove_prefix(at + key.size());
    const std::size_t start = body.find_first_not_of(' ');
    return start == std::string_view::npos ? std::string_view{} : leading_digits(body.substr(start));
  }
  return {};
}

std::string describe(const CurlHead& head, std::string_view body) {
  std::string text = fmt::format("the provider answered {}", head.status);
  if (const std::string_view number = error_number(body); !number.empty()) text += fmt::format(", error {}", number);
  if (head.status == 429) {
    const std::string_view concurrent = leading_digits(head.find("twilio-concurrent-requests").value_or(""));
    if (!concurrent.empty()) text += fmt::format(", with {} requests at once", concurrent);
  }
  return text;
}

struct StatusRow {
  int first;
  int last;
  Errc code;
};

// The first match counts.
constexpr std::array kStatusTable{
    StatusRow{300, 399, Errc::kProviderRedirect},     StatusRow{401, 401, Errc::kProviderUnauthorized},
    StatusRow{403, 403, Errc::kProviderUnauthorized}, StatusRow{404, 404, Errc::kProviderNotReady},
    StatusRow{408, 408, Errc::kProviderServerError},  StatusRow{410, 410, Errc::kProviderAbsent},
    StatusRow{425, 425, Errc::kProviderServerError},  StatusRow{429, 429, Errc::kProviderRateLimited},
    StatusRow{400, 499, Errc::kProviderRejected},     StatusRow{500, 599, Errc::kProviderServerError},
};

// True for types of error documents. Some object stores call audio "application/octet-stream", so the check of the
// bytes decides on every other type.
bool is_document(std::string_view content_type) {
  const std::string type = lower(content_type.substr(0, content_type.find_first_of("; \t")));
  return type.starts_with("text/") || type.starts_with("multipart/") || type.ends_with("json") ||
         type.ends_with("xml") || type.ends_with("x-www-form-urlencoded");
}

struct MetadataRow {
  std::string_view name;
  RemoteStatus status;
};

constexpr std::array kMetadataTable{
    MetadataRow{"completed", RemoteStatus::kCompleted},   MetadataRow{"processing", RemoteStatus::kPreparing},
    MetadataRow{"in-progress", RemoteStatus::kPreparing}, MetadataRow{"paused", RemoteStatus::kPreparing},
    MetadataRow{"stopped", RemoteStatus::kPreparing},     MetadataRow{"absent", RemoteStatus::kAbsent},
    MetadataRow{"deleted", RemoteStatus::kAbsent},        MetadataRow{"failed", RemoteStatus::kAbsent},
};

}  // namespace

Error error_of_transfer(const CurlError& error) {
  switch (error.failure) {
    case CurlFailure::kCancelled: return {Errc::kCancelled, error.detail};
    case CurlFailure::kUnreachable:
    case CurlFailure::kNoAnswer: return {Errc::kProviderUnreachable, error.detail};
    case CurlFailure::kForbiddenAddress:
    case CurlFailure::kForbiddenRedirect: return {Errc::kProviderRedirect, error.detail};
    case CurlFailure::kTimedOut: return {Errc::kProviderTimedOut, error.detail};
    case CurlFailure::kTruncated: return {Errc::kMediaTruncated, error.detail};
    case CurlFailure::kTooLarge: return {Errc::kMediaTooLarge, error.detail};
    case CurlFailure::kBadAnswer: break;
  }
  return {Errc::kProviderServerError, error.detail};
}

Error error_of_status(const CurlHead& head, std::string_view body, SystemTime now) {
  const auto row = std::ranges::find_if(kStatusTable, [&head](const StatusRow& candidate) {
    return head.status >= candidate.first && head.status <= candidate.last;
  });
  // An unasked 206 and a success without a body count as errors of the server.
  Error error(row == kStatusTable.end() ? Errc::kProviderServerError : row->code, describe(head, body));
  if (const auto value = head.find("retry-after")) error.retry_after = parse_retry_after(*value, now);
  return error;
}

Result<FetchHead> check_media_head(const CurlHead& head, std::uint64_t bytes_max) {
  FetchHead media;
  media.content_type = head.find("content-type").value_or("");
  const std::string coding = lower(head.find("content-encoding").value_or("identity"));
  if (coding != "identity")
    return fail(Errc::kMediaNotAudio, "the provider sent a compressed body that was not asked for");
  if (is_document(media.content_type))
    return fail(Errc::kMediaNotAudio, "the provider sent a document with status 200");
  if (const auto text = head.find("content-length")) {
    std::uint64_t length = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), length);
    if (parsed.ec == std::errc{} && parsed.ptr == text->data() + text->size()) media.content_length = length;
  }
  if (media.content_length > bytes_max) {
    return fail(Errc::kMediaTooLarge,
                fmt::format("{} bytes announced, at most {} are taken", *media.content_length, bytes_max));
  }
  return media;
}

Result<RemoteStatus> parse_metadata(std::string_view json) {
  const std::optional<boost::json::object> fields = twilio::parse_object(json);
  const boost::json::value* status = fields ? fields->if_contains("status") : nullptr;
  if (status != nullptr && status->is_string()) {
    const boost::json::string& name = status->get_string();
    const auto row = std::ranges::find(kMetadataTable, std::string_view(name.data(), name.size()), &MetadataRow::name);
    if (row != kMetadataTable.end()) return row->status;
  }
  return fail(Errc::kProviderServerError, "the provider's metadata has no known status");
}

}  // namespace tapedeck

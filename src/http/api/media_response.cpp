#include "http/api/media_response.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/byte_range.hpp"
#include "http/server/conditional.hpp"
#include "http/server/request_head.hpp"

namespace tapedeck::http {
namespace {

using boost::beast::http::field;

// Joins a list that was sent in several lines (RFC 9110 §5.3). A single line, the usual case, is not copied.
std::string_view list_header(const Request& request, field name, std::string& storage) {
  const auto [first, last] = request.fields->equal_range(name);
  if (first == last || std::next(first) == last) return request.header(name);
  for (auto line = first; line != last; ++line) {
    if (!storage.empty()) storage += ", ";
    storage += std::string_view(line->value().data(), line->value().size());
  }
  return storage;
}

Response refused(const Refusal& refusal, const MediaInfo& media) {
  Response response = refusal_response(refusal);
  response.headers.emplace_back("ETag", media.etag);
  response.headers.emplace_back("Accept-Ranges", "bytes");
  return response;
}

void add_validators(Response& response, const MediaInfo& media) {
  response.headers.emplace_back("ETag", media.etag);
  response.headers.emplace_back("Last-Modified", media.last_modified);
  response.headers.emplace_back("Cache-Control", kMediaCacheControl);
  response.headers.emplace_back("Accept-Ranges", "bytes");
}

Response with_content(const MediaInfo& media, unsigned status, std::uint64_t first, std::uint64_t length) {
  constexpr std::size_t kMostHeaders = 10;
  Response response;
  response.status = status;
  response.headers.reserve(kMostHeaders);
  response.headers.emplace_back("Content-Type", media.content_type);
  if (status == 206) {
    response.headers.emplace_back("Content-Range",
                                  fmt::format("bytes {}-{}/{}", first, first + length - 1, media.size));
  }
  add_validators(response, media);
  if (media.file_name) response.headers.emplace_back("Content-Disposition", attachment_disposition(*media.file_name));
  response.body = BlobBody{media.blob, first, length};
  return response;
}

bool is_attribute_character(char c) {  // attr-char of RFC 8187 §3.2.1
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

Response media_response(const Request& request, const MediaInfo& media) {
  const Validators validators{media.etag, media.modified_at};
  std::string if_match_lines;
  std::string if_none_match_lines;
  const Conditions conditions{
      .if_match = list_header(request, field::if_match, if_match_lines),
      .if_none_match = list_header(request, field::if_none_match, if_none_match_lines),
      .if_modified_since = request.header(field::if_modified_since),
      .if_unmodified_since = request.header(field::if_unmodified_since),
      .if_range = request.header(field::if_range),
  };
  switch (evaluate_conditions(conditions, validators, true)) {
    case Precondition::kFailed:
      return refused({412, "The recording does not match If-Match or If-Unmodified-Since."}, media);
    case Precondition::kNotModified: {
      Response response;
      response.status = 304;
      add_validators(response, media);
      return response;
    }
    case Precondition::kProceed: break;
  }

  std::string_view range;
  if (!request.is_head() && range_applies(conditions.if_range, validators)) range = request.header(field::range);
  const RangeDecision decision = decide_range(range, media.size);
  switch (decision.kind) {
    case RangeDecision::Kind::kUnsatisfiable: {
      Response response = refused({416, "The range begins after the end of the recording."}, media);
      response.headers.emplace_back("Content-Range", fmt::format("bytes */{}", media.size));
      return response;
    }
    case RangeDecision::Kind::kPart: return with_content(media, 206, decision.first, decision.length);
    case RangeDecision::Kind::kWhole: break;
  }
  return with_content(media, 200, 0, media.size);
}

std::string attachment_disposition(std::string_view name) {
  std::string plain;
  std::string encoded;
  bool is_ascii = true;
  for (const char c : name) {
    const bool is_separator = c == '/' || c == '\\' || (c >= 0 && c < ' ') || c == '\x7f';
    const char kept = is_separator ? '_' : c;
    const bool is_plain = kept >= 0 && kept != '"';
    is_ascii = is_ascii && kept >= 0;
    plain += is_plain ? kept : '_';
    if (is_attribute_character(kept)) {
      encoded += kept;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(kept)));
    }
  }
  if (is_ascii) return fmt::format("attachment; filename=\"{}\"", plain);
  return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain, encoded);
}

}  // namespace tapedeck::http

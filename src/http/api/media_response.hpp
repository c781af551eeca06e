#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "blobs/blob_store.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// How long a browser may keep a recording without asking again, so that a seek is not a second download. Not longer,
/// because a recording can be deleted.
inline constexpr std::string_view kMediaCacheControl = "private, max-age=3600, immutable";

/// A stored recording, as media_response() sends it.
struct MediaInfo {
  std::shared_ptr<Blob> blob;
  std::uint64_t size = 0;          ///< bytes
  std::string_view content_type;   ///< "audio/mpeg"
  std::string_view etag;           ///< strong, with its quotes
  std::string_view last_modified;  ///< the same time as HTTP date
  SystemTime modified_at;
  std::optional<std::string> file_name;  ///< UTF-8; set: offered as a download under this name
};

/// Answers a GET or HEAD of a stored recording: 200, 206, 304, 412 or 416, by RFC 9110 §13.2.2 and §14. A Range is for
/// GET alone (§14.2). The caller adds what depends on the route (CORS, Vary).
[[nodiscard]] Response media_response(const Request& request, const MediaInfo& media);

/// Content-Disposition (RFC 6266) that offers a download; a name beyond ASCII goes in both forms. `name` is UTF-8;
/// separators of paths and control characters become "_".
[[nodiscard]] std::string attachment_disposition(std::string_view name);

}  // namespace tapedeck::http

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

/// A browser may keep a recording, so that a seek is not a second download, but asks each time whether it may still
/// play it: a recording can be deleted, and access to it taken back.
inline constexpr std::string_view kMediaCacheControl = "private, no-cache";

/// A stored recording to be sent.
struct MediaInfo {
  std::shared_ptr<Blob> blob;
  std::uint64_t size = 0;          ///< bytes
  std::string_view content_type;   ///< "audio/mpeg"
  std::string_view etag;           ///< strong, with its quotes
  std::string_view last_modified;  ///< modified_at as an HTTP date
  SystemTime modified_at;
  std::optional<std::string> file_name;  ///< UTF-8; if set, the answer is a download of this name
};

/// Answers a GET or HEAD of a stored recording with 200, 206, 304, 412 or 416 (RFC 9110 §13.2.2 and §14). A Range
/// applies to GET only (§14.2). The caller adds the headers that depend on the route (CORS, Vary).
[[nodiscard]] Response media_response(const Request& request, const MediaInfo& media);

/// The Content-Disposition of a download (RFC 6266). A name with characters beyond ASCII is given in both forms. `name`
/// is UTF-8; path separators and control characters become "_".
[[nodiscard]] std::string attachment_disposition(std::string_view name);

}  // namespace tapedeck::http

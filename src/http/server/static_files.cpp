#include "http/server/static_files.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "http/server/conditional.hpp"

namespace tapedeck::http {
namespace {

constexpr std::string_view kCacheForever = "public, max-age=31536000, immutable";
constexpr std::string_view kAskEachTime = "no-cache";
constexpr std::size_t kEtagDigits = 32;

}  // namespace

StaticFiles::StaticFiles(std::span<const StaticAsset> assets) {
  for (const StaticAsset& asset : assets) {
    const Entry entry{asset, fmt::format("\"{}\"", sha256_hex(asset.bytes).substr(0, kEtagDigits))};
    if (asset.path == "/index.html") entries_.emplace("/", entry);
    entries_.emplace(asset.path, entry);
  }
}

std::optional<Response> StaticFiles::find(const Request& request) const {
  const auto found = entries_.find(request.path);
  if (found == entries_.end()) return std::nullopt;
  const auto& [asset, etag] = found->second;
  Response response;
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Cache-Control", asset.is_hashed ? kCacheForever : kAskEachTime);
  const Conditions conditions{.if_match = {},
                              .if_none_match = request.header(boost::beast::http::field::if_none_match),
                              .if_modified_since = {},
                              .if_unmodified_since = {},
                              .if_range = {}};
  if (evaluate_conditions(conditions, Validators{etag, {}}, true) == Precondition::kNotModified) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("Content-Type", asset.content_type);
  response.body = StaticBody{asset.bytes};
  return response;
}

}  // namespace tapedeck::http

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/server/message.hpp"

namespace tapedeck::http {

/// A file that the build embeds. The views live as long as the process.
struct StaticAsset {
  std::string_view path;          ///< "/assets/index-1a2b3c.js"
  std::string_view content_type;  ///< "text/javascript; charset=utf-8"
  std::string_view bytes;
  bool is_hashed = false;  ///< its name changes with its content, so browsers may keep it forever
};

/// Serves a fixed set of files by their exact path. No path ever reaches a file system.
class StaticFiles {
 public:
  /// "/index.html" is also served at "/".
  explicit StaticFiles(std::span<const StaticAsset> assets);

  /// 200 or 304 (If-None-Match); nothing if there is no such file.
  [[nodiscard]] std::optional<Response> find(const Request& request) const;

 private:
  struct Entry {
    StaticAsset asset;
    std::string etag;
  };
  std::unordered_map<std::string_view, Entry> entries_;
};

}  // namespace tapedeck::http

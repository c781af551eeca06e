#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/server/request_head.hpp"

namespace tapedeck::http {

/// Collects a request's body of at most `limit` decoded bytes.
class RequestBody {
 public:
  /// `length`: Content-Length, within the limit.
  [[nodiscard]] static RequestBody of_length(std::uint64_t length);
  [[nodiscard]] static RequestBody chunked(std::size_t limit);

  struct Progress {
    std::size_t consumed = 0;  ///< bytes of this body; the caller offers the rest again
    bool done = false;
    std::optional<Refusal> refusal;
  };
  [[nodiscard]] Progress feed(std::string_view bytes);
  /// Returns the body once it is done. Trailer fields are dropped: they must not pass for headers (RFC 9110 §6.5.1).
  [[nodiscard]] std::string take();

 private:
  RequestBody() = default;
  [[nodiscard]] Progress feed_chunks(std::string_view bytes);

  using ChunkParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  std::uint64_t remaining_ = 0;
  std::string text_;
  std::unique_ptr<ChunkParser> chunks_;  // Beast's parsers cannot move
};

}  // namespace tapedeck::http

#include "http/server/request_body.hpp"

#include <algorithm>

#include <boost/beast/http/error.hpp>

namespace tapedeck::http {
namespace {

namespace beast = boost::beast;

// Beast decodes chunks only as part of a message. A separate parser, which gets this head first, keeps trailer fields
// out of the request's headers.
constexpr std::string_view kHeadOfChunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

// Beast takes an LF within a quoted extension. A proxy that ends the line there would see another body (RFC 9112
// §7.1.1).
void check_extensions(std::uint64_t, beast::string_view extensions, beast::error_code& error) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; };
  if (std::ranges::any_of(extensions, is_control)) error = beast::http::error::bad_chunk_extension;
}

}  // namespace

RequestBody RequestBody::of_length(std::uint64_t length) {
  RequestBody body;
  body.remaining_ = length;
  return body;
}

RequestBody RequestBody::chunked(std::size_t limit) {
  RequestBody body;
  body.chunks_ = std::make_unique<ChunkParser>();
  auto& parser = *body.chunks_;
  parser.body_limit(limit);
  beast::error_code error;
  (void)parser.put(boost::asio::const_buffer(kHeadOfChunks.data(), kHeadOfChunks.size()), error);
  parser.eager(true);
  parser.on_chunk_header(check_extensions);
  return body;
}

RequestBody::Progress RequestBody::feed(std::string_view bytes) {
  if (chunks_) return feed_chunks(bytes);
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), remaining_));
  text_.append(bytes.substr(0, count));
  remaining_ -= count;
  return {count, remaining_ == 0, std::nullopt};
}

RequestBody::Progress RequestBody::feed_chunks(std::string_view bytes) {
  Progress progress;
  while (!chunks_->is_done() && progress.consumed < bytes.size()) {
    const std::string_view rest = bytes.substr(progress.consumed);
    beast::error_code error;
    const std::size_t used = chunks_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    progress.consumed += used;
    if (error == beast::http::error::need_more && used == 0) break;
    if (error == beast::http::error::body_limit) {
      progress.refusal = Refusal{413, "The request's body is too large."};
      return progress;
    }
    if (error && error != beast::http::error::need_more) {
      progress.refusal = Refusal{400, "The request's chunked body is malformed."};
      return progress;
    }
  }
  progress.done = chunks_->is_done();
  return progress;
}

std::string RequestBody::take() { return chunks_ ? std::move(chunks_->get().body()) : std::move(text_); }

}  // namespace tapedeck::http

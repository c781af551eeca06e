#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/server/message.hpp"
#include "http/server/response_head.hpp"
#include "runtime/task.hpp"

namespace tapedeck::http {

/// Shared by the responses of one loop. The scratch text is used only within one call.
struct WriterContext {
  std::string scratch;
  DateLine date;
};

/// Sends one response over a non-blocking socket, step by step, and holds only what the socket refused.
///
/// The usual response costs one call: head and text by one sendmsg(2), head and a small part of a file by one send(2).
/// A larger part goes by sendfile(2) from the page cache. Pages that are not in memory are read first by Blob::read, on
/// a pool of threads, so that the loop never waits for the disk.
class ResponseWriter {
 public:
  enum class Step {
    kDone,
    kBlocked,  ///< wait until the socket can be written, then advance()
    kYield,    ///< let the other connections have a turn, then advance()
    kFetch,    ///< fetch(), then advance()
    kBroken,   ///< the peer has gone, or the blob ended early: close, so that nobody mistakes the part for the whole
  };

  [[nodiscard]] Step start(int socket, Response response, const ResponseFraming& framing, WriterContext& context);
  [[nodiscard]] Step advance(int socket);
  /// Brings the next bytes of the blob into memory. If that fails before the first byte was sent, another response may
  /// be started; otherwise this one is broken.
  [[nodiscard]] Task<Result<void>> fetch();

  /// Bytes of the response so far, head included.
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }
  /// Releases the response's body and buffers.
  void reset();

 private:
  [[nodiscard]] Step start_text(int socket, std::string_view head, std::string_view text);
  [[nodiscard]] Step start_inline_blob(int socket, std::string& head);
  [[nodiscard]] Step start_large_blob(int socket, std::string_view head);
  /// Sends `bytes`; bytes that the socket refuses become pending.
  [[nodiscard]] Step send_or_keep(int socket, std::string_view bytes, int flags);
  [[nodiscard]] Step flush_pending(int socket);
  [[nodiscard]] Step send_file(int socket);
  [[nodiscard]] bool in_page_cache(std::uint64_t offset) const;
  [[nodiscard]] Step after_send_error() const;

  std::variant<std::string, StaticBody, BlobBody> body_;  ///< keeps alive what text_ and blob_ refer to
  std::string pending_;                                   ///< bytes to send before anything else
  std::size_t pending_sent_ = 0;
  std::string_view text_;               ///< the rest of a text body
  Blob* blob_ = nullptr;                ///< of body_
  std::unique_ptr<BlobReader> reader_;  ///< of blob_, if its bytes do not go by sendfile(2)
  std::uint64_t blob_offset_ = 0;
  std::uint64_t blob_rest_ = 0;   ///< bytes of the blob still to be sent
  std::uint64_t warm_until_ = 0;  ///< fetch() has loaded the file's pages up to this offset
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace tapedeck::http

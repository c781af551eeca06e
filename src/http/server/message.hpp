#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/verb.hpp>

#include "blobs/blob_store.hpp"
#include "runtime/task.hpp"

namespace tapedeck::http {

/// A request as handlers see it. Its views are valid until the response has been written.
struct Request {
  boost::beast::http::verb method = boost::beast::http::verb::unknown;
  std::string_view target;  ///< as received: path and query, still encoded
  std::string_view path;    ///< the target up to "?", still encoded
  std::string_view query;   ///< after "?", still encoded
  const boost::beast::http::fields* fields = nullptr;
  std::string_view body;
  std::string_view peer;  ///< the other side's address, for the log

  /// Empty if absent; the first one, if there are several.
  [[nodiscard]] std::string_view header(boost::beast::http::field name) const;
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool is_head() const noexcept { return method == boost::beast::http::verb::head; }
};

/// Part of a blob; a file is sent by sendfile(2).
struct BlobBody {
  std::shared_ptr<Blob> blob;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Text that lives as long as the process (an embedded file); it is not copied.
struct StaticBody {
  std::string_view bytes;
};

/// The server adds Content-Length, Date, Connection and Server. A HEAD gets the headers alone.
struct Response {
  unsigned status = 200;
  std::vector<std::pair<std::string_view, std::string>> headers;  ///< names are literals
  std::variant<std::string, StaticBody, BlobBody> body;
};

/// Answers requests; one object serves every loop, so it is thread-safe.
class Handler {
 public:
  virtual ~Handler() = default;
  /// An answer that needs no wait, or nothing: then the server calls handle(). Runs on the loop; never blocks. Without
  /// a coroutine a small request costs a third less.
  [[nodiscard]] virtual std::optional<Response> try_handle(const Request& request) = 0;
  [[nodiscard]] virtual Task<Response> handle(const Request& request) = 0;
  /// The answer instead of one whose blob failed before its first byte was sent.
  [[nodiscard]] virtual Response answer_failure(const Request& request, const Error& error) = 0;
};

}  // namespace tapedeck::http

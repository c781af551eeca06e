#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "blobs/blob_store.hpp"
#include "http/server/message.hpp"
#include "http/server/server.hpp"
#include "runtime/offload.hpp"

namespace tapedeck::http::testing {

/// A file in memory that ends with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();
  /// Lengthens it by a hole, or shortens it.
  void resize(std::uint64_t size) const;
  [[nodiscard]] int descriptor() const noexcept { return file_; }

 private:
  int file_ = -1;
};

/// A blob of a file that shows its descriptor, or only read().
std::shared_ptr<Blob> file_blob(const TemporaryFile& file, std::uint64_t size, bool by_descriptor = true);
/// A blob in memory that claims `size` bytes.
std::shared_ptr<Blob> memory_blob(std::string bytes, std::uint64_t size);
/// The same, whose reads beyond the first bytes fail.
std::shared_ptr<Blob> broken_blob(std::string first_bytes, std::uint64_t size);

/// `size` pseudo-random bytes.
std::string pattern(std::size_t size);

/// Answers by path: "/echo" with the request, "/text/N" with N bytes, "/blob" with `blob`, "/hold" when released,
/// "/stuck" never, "/disk" when another thread's work ends, which waits for the release and cannot be cancelled,
/// "/throw" with an exception, "/later" through the coroutine; others with 404.
class TestHandler final : public Handler {
 public:
  /// Releases what waits, so that the disk's thread can end.
  ~TestHandler() override { release(); }
  [[nodiscard]] std::optional<Response> try_handle(const Request& request) override;
  [[nodiscard]] Task<Response> handle(const Request& request) override;
  /// 503 with the error's detail.
  [[nodiscard]] Response answer_failure(const Request& request, const Error& error) override;

  void release();

  std::shared_ptr<Blob> blob;
  std::atomic<bool> released = false;
  std::atomic<int> holding = 0;  ///< requests to "/hold", "/stuck" and "/disk" so far
  std::atomic<int> running = 0;  ///< requests to "/disk" whose coroutine exists

 private:
  OffloadPool disk_{"disk", 1};
};

struct Reply {
  int status = 0;                              ///< 0: the connection ended before a whole response
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  bool body_complete = false;
};

/// A client that sends exactly what it is told. Every wait ends after kPatience.
class RawClient {
 public:
  /// `receive_buffer`: size of the kernel's buffer in bytes; 0: its default.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient(RawClient&& other) noexcept;
  ~RawClient();

  /// False if the peer has closed.
  bool send(std::string_view bytes) const;
  /// Ends the sending side.
  void finish_sending() const;
  /// The next response; `head_only`: to a HEAD.
  Reply read_reply(bool head_only = false);
  /// Returns all that arrives until the peer closes.
  std::string read_to_end();
  /// True if the peer closes without sending anything.
  bool is_closed_by_peer();
  [[nodiscard]] int descriptor() const noexcept { return socket_; }

 private:
  bool receive();

  int socket_ = -1;
  std::string received_;
};

/// Waits until `condition` holds; false if it does not within kPatience.
bool eventually(const std::function<bool()>& condition);

/// A server on a free port with a TestHandler.
class ServerFixture : public ::testing::Test {
 protected:
  /// Starts the server with these limits; once per test.
  void start(const Limits& limits = {}, std::size_t loops = 1);
  [[nodiscard]] RawClient connect(int receive_buffer = 0) const { return RawClient(server_->port(), receive_buffer); }
  /// Sends on a new connection, and reads one response.
  [[nodiscard]] Reply ask(std::string_view request) const;

  TestHandler handler_;
  std::unique_ptr<Server> server_;
};

}  // namespace tapedeck::http::testing

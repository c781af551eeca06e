#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/server/event_loop.hpp"
#include "http/server/limits.hpp"
#include "http/server/message.hpp"
#include "http/server/server_stats.hpp"

namespace tapedeck::http {

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< an IPv4 or IPv6 address
  std::uint16_t port = 0;             ///< 0: the system chooses
  std::size_t loops = 1;              ///< threads; one per core is best
  Limits limits;
};

/// An HTTP/1.1 server: one event loop per thread, each with a listener of its own on the same port.
///
/// The handler is called on the loops' threads. It, and all that it waits for, must outlive the server.
class Server {
 public:
  Server(ServerOptions options, Handler& handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// As stop(), then waits for handlers that still run, however long that takes.
  ~Server();

  /// Binds, then serves on threads of its own. Errors: kInvalidArgument (the address), kConflict (in use), kIo.
  /// Ignores SIGPIPE in the whole process, which sendfile(2) would raise.
  [[nodiscard]] Result<void> start();
  /// Of a started server.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Accepts nothing more, ends idle connections, waits for running responses for at most Limits::stop_grace, then
  /// closes what is left, and waits for at most kAbortGrace. A handler that cannot be cancelled may still run after
  /// that, until the destructor returns. Idempotent; not from a loop's thread.
  void stop();

  /// From any thread.
  [[nodiscard]] ServerStats stats() const;

 private:
  ServerOptions options_;
  ConnectionBudget budget_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::uint16_t port_ = 0;
  bool running_ = false;
};

}  // namespace tapedeck::http

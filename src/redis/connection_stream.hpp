#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/error.hpp"
#include "redis/endpoint.hpp"

namespace tapedeck::redis {

/// Most addresses of one name that are tried.
inline constexpr std::size_t kAddressesMax = 8;

/// Bytes to and from one endpoint: TCP, TLS over TCP, or a unix socket. One thread. The loop calls the handlers, never
/// the function that takes them. The owner keeps the stream until the last handler has run, and calls nothing after
/// close().
class ConnectionStream {
 public:
  using Done = std::function<void(Result<void>)>;
  using Transferred = std::function<void(boost::system::error_code, std::size_t)>;

  /// `tls`: null for none.
  ConnectionStream(boost::asio::any_io_executor executor, std::shared_ptr<boost::asio::ssl::context> tls);

  /// Resolves, connects to the first address that answers, and shakes hands. It has no deadline: close() ends it. Error
  /// kUnavailable names the endpoint and the cause.
  void connect(Endpoint endpoint, Done done);
  void read_some(boost::asio::mutable_buffer buffer, Transferred done);
  /// Writes all of it; the bytes stay until `done`.
  void write(boost::asio::const_buffer bytes, Transferred done);
  /// Ends pending operations; their handlers get operation_aborted.
  void close();

  /// True: the other end has closed, as far as the kernel knows. Not during a read. One system call.
  [[nodiscard]] bool closed_by_peer();

 private:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Address = boost::asio::generic::stream_protocol::endpoint;

  void resolve(Done done);
  void try_addresses(std::vector<Address> addresses, std::size_t index, Done done);
  void connected(Done done);
  [[nodiscard]] Error failure(const std::string& what) const;

  Socket socket_;
  boost::asio::ip::tcp::resolver resolver_;
  std::shared_ptr<boost::asio::ssl::context> tls_context_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  Endpoint endpoint_;
  bool closed_ = false;
};

}  // namespace tapedeck::redis

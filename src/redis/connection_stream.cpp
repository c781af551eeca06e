#include "redis/connection_stream.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <utility>
#include <vector>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "redis/connection_tls.hpp"

namespace tapedeck::redis {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

}  // namespace

ConnectionStream::ConnectionStream(asio::any_io_executor executor, std::shared_ptr<asio::ssl::context> tls)
    : socket_(executor), resolver_(executor), tls_context_(std::move(tls)) {}

void ConnectionStream::connect(Endpoint endpoint, Done done) {
  endpoint_ = std::move(endpoint);
  boost::system::error_code no_literal;
  const auto literal = asio::ip::make_address(endpoint_.host, no_literal);
  if (!endpoint_.socket_path.empty()) {
    if (endpoint_.socket_path.size() >= sizeof(::sockaddr_un::sun_path)) {
      return asio::post(socket_.get_executor(),
                        [done = std::move(done), error = failure("its path is too long")] { done(fail(error)); });
    }
    try_addresses({asio::local::stream_protocol::endpoint(endpoint_.socket_path)}, 0, std::move(done));
  } else if (!no_literal) {
    // An address needs no resolver, and so no thread of Asio.
    try_addresses({tcp::endpoint(literal, endpoint_.port)}, 0, std::move(done));
  } else {
    resolve(std::move(done));
  }
}

void ConnectionStream::resolve(Done done) {
  resolver_.async_resolve(
      endpoint_.host, std::to_string(endpoint_.port),
      [this, done = std::move(done)](const boost::system::error_code& error, const tcp::resolver::results_type& found) {
        if (error || closed_) return done(fail(failure("its name cannot be resolved: " + error.message())));
        std::vector<Address> addresses;
        for (const auto& entry : found) {
          if (addresses.size() < kAddressesMax) addresses.emplace_back(entry.endpoint());
        }
        try_addresses(std::move(addresses), 0, done);
      });
}

void ConnectionStream::try_addresses(std::vector<Address> addresses, std::size_t index, Done done) {
  const Address address = addresses.at(index);
  boost::system::error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(address, [this, addresses = std::move(addresses), index,
                                  done = std::move(done)](const boost::system::error_code& error) mutable {
    if (!error && !closed_) return connected(std::move(done));
    const bool more = index + 1 < addresses.size() && !closed_;
    if (more) return try_addresses(std::move(addresses), index + 1, std::move(done));
    done(fail(failure(error.message())));
  });
}

void ConnectionStream::connected(Done done) {
  boost::system::error_code ignored;
  if (endpoint_.socket_path.empty()) {
    // A command is small, and must not wait for the acknowledgement of the one before it.
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  }
  if (!tls_context_) return done({});
  tls_.emplace(socket_, *tls_context_);
  auto expected = expect_host(tls_->native_handle(), endpoint_.host);
  if (!expected) return done(expected);
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [this, done = std::move(done)](const boost::system::error_code& error) {
                          if (!error) return done({});
                          std::string why = "TLS failed: " + tls_failure(tls_->native_handle(), error.message());
                          done(fail(failure(why)));
                        });
}

void ConnectionStream::read_some(asio::mutable_buffer buffer, Transferred done) {
  if (tls_) return tls_->async_read_some(buffer, std::move(done));
  socket_.async_read_some(buffer, std::move(done));
}

void ConnectionStream::write(asio::const_buffer bytes, Transferred done) {
  if (tls_) {
    asio::async_write(*tls_, bytes, std::move(done));
  } else {
    asio::async_write(socket_, bytes, std::move(done));
  }
}

void ConnectionStream::close() {
  // Without the closing handshake of TLS: it costs a wait, and Redis does not need it.
  closed_ = true;
  boost::system::error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
}

bool ConnectionStream::closed_by_peer() {
  char byte = 0;
  const ::ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

Error ConnectionStream::failure(const std::string& what) const {
  return {Errc::kUnavailable, "Redis at " + endpoint_text(endpoint_) + " cannot be reached: " + what};
}

}  // namespace tapedeck::redis

#include "server.hpp"

#include <charconv>
#include <chrono>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tapedeck::simulator {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kIdleTimeout{75};
constexpr std::chrono::seconds kSweepInterval{5};
// Wait when no descriptor is left for another connection.
constexpr std::chrono::milliseconds kAcceptPause{50};
constexpr int kBacklog = 4096;

// A task that ends with an exception has met a broken invariant, and the process must not continue without the task.
void rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Result<void> Server::listen(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  std::string host(address.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  unsigned port = 0;
  const char* end = address.data() + address.size();
  const bool has_port = colon != std::string_view::npos && colon + 1 < address.size() &&
                        std::from_chars(address.data() + colon + 1, end, port).ptr == end && port <= 65535;
  error_code error;
  const asio::ip::address ip = asio::ip::make_address(host, error);
  if (error || !has_port) {
    return fail(Errc::kInvalidArgument, fmt::format("expected an address such as 127.0.0.1:4010, not {}", address));
  }
  const asio::ip::tcp::endpoint endpoint(ip, static_cast<asio::ip::port_type>(port));
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (error) return fail(Errc::kIo, fmt::format("cannot listen on {}: {}", address, error.message()));
  world_.settings.port = acceptor_.local_endpoint().port();
  const std::string literal = ip.is_v6() ? fmt::format("[{}]", ip.to_string()) : ip.to_string();
  world_.settings.base_url = fmt::format("http://{}:{}", literal, world_.settings.port);
  return {};
}

void Server::start() {
  asio::co_spawn(io_, accept(), rethrow);
  asio::co_spawn(io_, close_idle(), rethrow);
}

void Server::stop() {
  is_stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  sweep_.cancel();
  for (const auto& connection : connections_) connection->close();
}

asio::awaitable<void> Server::accept() {
  while (!is_stopping_) {
    error_code error;
    asio::ip::tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      take(std::move(socket));
    } else if (!is_stopping_) {
      pause_.expires_after(kAcceptPause);
      co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void Server::take(asio::ip::tcp::socket socket) {
  auto connection = std::make_shared<Connection>(std::move(socket), world_, control_, webhooks_, ++last_id_);
  connections_.insert(connection);
  asio::co_spawn(io_, connection->run(), [this, connection](const std::exception_ptr& failure) {
    connections_.erase(connection);
    rethrow(failure);
  });
}

asio::awaitable<void> Server::close_idle() {
  while (!is_stopping_) {
    error_code error;
    sweep_.expires_after(kSweepInterval);
    co_await sweep_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const auto oldest = Link::Clock::now() - kIdleTimeout;
    for (const auto& connection : connections_) {
      const auto since = connection->idle_since();
      if (since && *since < oldest) connection->close();
    }
  }
}

}  // namespace tapedeck::simulator

#include "http/server/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

namespace tapedeck::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
// Connections that wait for accept(2). The kernel caps it at net.core.somaxconn.
constexpr int kBacklog = 4096;

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

Error bind_error(const tcp::endpoint& endpoint, const boost::system::error_code& error) {
  const Errc code = error == boost::system::errc::address_in_use ? Errc::kConflict : Errc::kIo;
  return {code,
          fmt::format("cannot listen on {}:{}: {}", endpoint.address().to_string(), endpoint.port(), error.message())};
}

// Nothing can be accepted until another connection or file is closed.
bool is_out_of_descriptors(const boost::system::error_code& error) {
  return error.value() == EMFILE || error.value() == ENFILE;
}

// The connection failed, not the listener (accept(2)).
bool concerns_one_connection(const boost::system::error_code& error) {
  switch (error.value()) {
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH: return true;
    default: return false;
  }
}

}  // namespace

Result<void> check_port_free(const tcp::endpoint& endpoint) {
  if (endpoint.port() == 0) return {};
  asio::io_context unused;
  tcp::acceptor probe(unused);
  boost::system::error_code error;
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (!error) probe.listen(1, error);
  if (error) return fail(bind_error(endpoint, error));
  return {};
}

Listener::Listener(asio::any_io_executor executor, const Limits& limits, LoopCounters& counters, Admit admit)
    : limits_(limits),
      counters_(counters),
      admit_(std::move(admit)),
      acceptor_(executor),
      pause_(executor),
      reserve_(open_reserve()) {}

Listener::~Listener() {
  if (reserve_ >= 0) ::close(reserve_);
}

Result<void> Listener::open(const tcp::endpoint& endpoint) {
  boost::system::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  const int on = 1;
  if (!error && ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    error.assign(errno, boost::system::system_category());
  }
  // Accepted sockets inherit it (tcp(7)), which saves a call for each.
  if (!error) acceptor_.set_option(tcp::no_delay(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (error) return fail(bind_error(endpoint, error));
  return {};
}

std::uint16_t Listener::port() const {
  boost::system::error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

Task<> Listener::run() {
  while (acceptor_.is_open()) {
    auto accepted = co_await acceptor_.async_accept(kAsTuple);
    const boost::system::error_code error = std::get<0>(accepted);
    if (!error) {
      admit_(std::move(std::get<1>(accepted)));
      continue;
    }
    if (!acceptor_.is_open()) co_return;
    counters_.accept_errors.add();
    if (concerns_one_connection(error)) continue;
    if (is_out_of_descriptors(error)) {
      const Shed shed = shed_one();
      if (shed == Shed::kClosedOne) continue;
      if (shed == Shed::kNoneWaits) {
        const auto readable = co_await acceptor_.async_wait(tcp::acceptor::wait_read, kAsTuple);
        if (std::get<0>(readable)) co_return;
        continue;
      }
    }
    pause_.expires_after(limits_.accept_retry);
    const auto waited = co_await pause_.async_wait(kAsTuple);
    if (std::get<0>(waited)) co_return;
  }
}

// Accepts a connection with the reserve's descriptor, and closes it. accept(2) needs a descriptor before it checks for
// a connection, so it may fail although none waits.
Listener::Shed Listener::shed_one() {
  if (reserve_ >= 0) ::close(reserve_);
  const int taken = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  const bool none_waits = taken < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (taken >= 0) {
    counters_.connections_refused.add();
    ::close(taken);
  }
  reserve_ = open_reserve();
  if (reserve_ < 0) return Shed::kFailed;
  if (taken >= 0) return Shed::kClosedOne;
  return none_waits ? Shed::kNoneWaits : Shed::kFailed;
}

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace tapedeck::http

#include "http/server/server.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

namespace tapedeck::http {

using boost::asio::ip::tcp;

Server::Server(ServerOptions options, Handler& handler)
    : options_(std::move(options)), budget_(options_.limits.connections) {
  const std::size_t count = std::max<std::size_t>(options_.loops, 1);
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<EventLoop>(handler, options_.limits, budget_));
  }
}

Server::~Server() {
  stop();
  // All of them before the first is destroyed: a task may reach another loop.
  for (const auto& loop : loops_) loop->join();
}

Result<void> Server::start() {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(options_.address, error);
  if (error) {
    return fail(Errc::kInvalidArgument, fmt::format("\"{}\" is not an IP address to listen on", options_.address));
  }
  port_ = options_.port;
  if (auto free = check_port_free(tcp::endpoint(address, port_)); !free) return fail(free.error());
  for (const auto& loop : loops_) {
    if (auto listening = loop->listen(tcp::endpoint(address, port_)); !listening) return fail(listening.error());
    port_ = loop->port();  // the others share the port of the first
  }
  std::signal(SIGPIPE, SIG_IGN);
  running_ = true;
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->start(fmt::format("http-{}", i));
  return {};
}

void Server::stop() {
  if (!running_) return;
  running_ = false;
  const SteadyTime deadline = std::chrono::steady_clock::now() + options_.limits.stop_grace + kAbortGrace;
  for (const auto& loop : loops_) loop->begin_stop();
  for (const auto& loop : loops_) loop->wait_until(deadline);
}

ServerStats Server::stats() const {
  ServerStats sum;
  for (const auto& loop : loops_) sum.add(loop->stats());
  return sum;
}

}  // namespace tapedeck::http

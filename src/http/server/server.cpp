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

Server::~Server() { stop(); }

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
    port_ = loop->port();  // the first one's choice is the others' too
  }
  std::signal(SIGPIPE, SIG_IGN);
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->start(fmt::format("http-{}", i));
  running_ = true;
  return {};
}

boost::asio::any_io_executor Server::executor(std::size_t loop) const { return loops_[loop]->context().get_executor(); }

void Server::stop() {
  if (!running_) return;
  running_ = false;
  for (const auto& loop : loops_) loop->begin_stop();
  for (const auto& loop : loops_) loop->join();
}

ServerStats Server::stats() const {
  ServerStats sum;
  for (const auto& loop : loops_) sum.add(loop->stats());
  return sum;
}

}  // namespace tapedeck::http

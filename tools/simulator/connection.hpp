#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "control_api.hpp"
#include "link.hpp"
#include "request.hpp"
#include "transfer.hpp"
#include "webhook.hpp"
#include "world.hpp"

namespace tapedeck::simulator {

/// Serves the requests of one connection, one after the other, and reports them to the log and the statistics.
class Connection {
 public:
  /// `id` is the connection's number in the log. The references outlive the connection.
  Connection(boost::asio::ip::tcp::socket socket, World& world, ControlApi& control, WebhookSender& webhooks,
             std::uint64_t id);

  /// Returns when the connection has ended. The object outlives the coroutine.
  [[nodiscard]] boost::asio::awaitable<void> run();

  /// Ends it from outside.
  void close() { link_->close(); }
  /// The time since which it waits for a request; empty while it serves one.
  [[nodiscard]] std::optional<Link::Clock::time_point> idle_since() const { return idle_since_; }

 private:
  struct Incoming {
    Request request;
    bool keep_alive = false;
  };

  [[nodiscard]] boost::asio::awaitable<std::optional<Incoming>> read_request();
  [[nodiscard]] boost::asio::awaitable<bool> serve(Incoming incoming);
  [[nodiscard]] boost::asio::awaitable<bool> serve_control(Incoming incoming);
  [[nodiscard]] boost::asio::awaitable<bool> serve_provider(Incoming incoming);

  std::shared_ptr<Link> link_;
  World& world_;
  ControlApi& control_;
  WebhookSender& webhooks_;
  std::uint64_t id_;
  std::uint64_t requests_ = 0;
  std::optional<Link::Clock::time_point> idle_since_;
};

}  // namespace tapedeck::simulator

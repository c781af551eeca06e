#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.hpp"
#include "connection.hpp"
#include "control_api.hpp"
#include "webhook.hpp"
#include "world.hpp"

namespace tapedeck::simulator {

/// Accepts connections and keeps them until they end. Runs on the one thread of the io_context.
class Server {
 public:
  Server(boost::asio::io_context& io, World& world)
      : io_(io), world_(world), control_(world), webhooks_(world), acceptor_(io), pause_(io), sweep_(io) {}

  /// Binds "host:port", a literal address or localhost; port 0 takes a free one. Fills settings.base_url and port.
  /// Error kInvalidArgument or kIo.
  Result<void> listen(std::string_view address);
  /// Begins to accept. The io_context does the work.
  void start();
  /// Stops accepting and ends every connection, so that the io_context runs out of work.
  void stop();

  [[nodiscard]] ControlApi& control() noexcept { return control_; }

 private:
  [[nodiscard]] boost::asio::awaitable<void> accept();
  [[nodiscard]] boost::asio::awaitable<void> close_idle();
  void take(boost::asio::ip::tcp::socket socket);

  boost::asio::io_context& io_;
  World& world_;
  ControlApi control_;
  WebhookSender webhooks_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer sweep_;
  std::set<std::shared_ptr<Connection>> connections_;
  std::uint64_t last_id_ = 0;
  bool is_stopping_ = false;
};

}  // namespace tapedeck::simulator

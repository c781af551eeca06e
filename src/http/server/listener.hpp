#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.hpp"
#include "http/server/limits.hpp"
#include "http/server/server_stats.hpp"
#include "runtime/task.hpp"

namespace tapedeck::http {

/// Refuses a port that another process listens on. SO_REUSEPORT, which our loops need, would share it silently.
[[nodiscard]] Result<void> check_port_free(const boost::asio::ip::tcp::endpoint& endpoint);

/// Accepts connections for one loop, on a port that the other loops' listeners share.
class Listener {
 public:
  using Admit = std::function<void(boost::asio::ip::tcp::socket)>;

  Listener(boost::asio::any_io_executor executor, const Limits& limits, LoopCounters& counters, Admit admit);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  /// Binds and listens. Error kConflict or kIo, with the address.
  [[nodiscard]] Result<void> open(const boost::asio::ip::tcp::endpoint& endpoint);
  [[nodiscard]] std::uint16_t port() const;

  /// Accepts until close().
  [[nodiscard]] Task<> run();
  void close();

 private:
  enum class Shed { kClosedOne, kNoneWaits, kFailed };
  [[nodiscard]] Shed shed_one();

  const Limits& limits_;
  LoopCounters& counters_;
  Admit admit_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  // A descriptor to close when the process has none left, so that a connection in the backlog can be accepted and
  // closed. Otherwise the listener would stay readable, and the loop would spin.
  int reserve_ = -1;
};

}  // namespace tapedeck::http

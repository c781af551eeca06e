#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace tapedeck::simulator {

/// Most bytes that are read ahead while an answer is sent. A client that sends more is not watched until the answer is
/// complete.
inline constexpr std::size_t kMaxReadAhead = 64U << 10U;

/// A client's connection. While it is watched, a client that leaves ends every wait and write at once, even when
/// nothing is being sent.
class Link : public std::enable_shared_from_this<Link> {
 public:
  using Clock = std::chrono::steady_clock;
  using Buffers = std::array<boost::asio::const_buffer, 4>;

  explicit Link(boost::asio::ip::tcp::socket socket);

  [[nodiscard]] boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }
  /// The client's port, which identifies its process (/proc/net/tcp); 0 when the client has left already.
  [[nodiscard]] std::int64_t peer_port() const;
  /// Bytes received and not yet parsed.
  [[nodiscard]] boost::beast::flat_buffer& received() noexcept { return received_; }
  /// True once either side has ended the connection.
  [[nodiscard]] bool is_lost() const noexcept { return is_lost_; }

  /// Writes everything unless the connection ends. Returns the number of bytes that the system took. The memory of
  /// `buffers` stays valid until then.
  [[nodiscard]] boost::asio::awaitable<std::size_t> write(Buffers buffers);
  /// Returns at `time`, or when the connection ends.
  [[nodiscard]] boost::asio::awaitable<void> sleep_until(Clock::time_point time);

  /// A client that only shuts its sending side counts as gone too.
  void watch();
  void unwatch();

  /// Ends the connection: with FIN after what was written, or with RST at once.
  void close();
  void reset();

 private:
  void wait_for_input();
  void on_input();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer received_;
  std::uint64_t watch_ = 0;
  bool is_lost_ = false;
};

}  // namespace tapedeck::simulator

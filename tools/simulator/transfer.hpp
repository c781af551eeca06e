#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "link.hpp"
#include "plan.hpp"

namespace tapedeck::simulator {

/// The outcome of sending an answer.
struct Delivery {
  /// Body bytes that the system took.
  std::uint64_t body_bytes = 0;
  /// The whole announced answer was sent, unaltered.
  bool is_complete = false;
  /// "complete", "client_closed" or "fault".
  std::string_view cause = "complete";
  bool keeps_connection = false;
};

/// Sends one answer according to its plan.
class Transfer {
 public:
  /// `keep_alive`: the client allows the connection to stay open. `on_first_byte` is called once, after the first
  /// write.
  Transfer(std::shared_ptr<Link> link, Plan plan, bool is_head, bool keep_alive, std::function<void()> on_first_byte);

  /// The object outlives the coroutine.
  [[nodiscard]] boost::asio::awaitable<Delivery> run();

 private:
  [[nodiscard]] boost::asio::awaitable<Delivery> send();
  [[nodiscard]] boost::asio::awaitable<Delivery> send_body();
  [[nodiscard]] boost::asio::awaitable<void> send_piece(std::size_t size);
  [[nodiscard]] boost::asio::awaitable<void> stall();
  [[nodiscard]] std::size_t next_piece() const;
  [[nodiscard]] bool ends_connection() const;
  [[nodiscard]] std::string header() const;
  [[nodiscard]] Delivery finish();
  Delivery cut();

  std::shared_ptr<Link> link_;
  Plan plan_;
  bool is_head_;
  bool keep_alive_;
  bool is_stall_over_ = false;
  std::function<void()> on_first_byte_;
  /// Header bytes that were not sent yet.
  std::string pending_;
  std::vector<char> piece_;
  std::uint64_t sent_ = 0;
};

}  // namespace tapedeck::simulator

#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.hpp"
#include "http/server/connection.hpp"
#include "http/server/limits.hpp"
#include "http/server/listener.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// The connections that all loops together may have.
class ConnectionBudget {
 public:
  explicit ConnectionBudget(std::size_t most) : most_(most) {}
  [[nodiscard]] bool take() noexcept {
    if (used_.fetch_add(1, std::memory_order_relaxed) < most_) return true;
    give_back();
    return false;
  }
  void give_back() noexcept { used_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
};

/// A thread with its own listener and the connections that came through it.
class EventLoop {
 public:
  EventLoop(Handler& handler, const Limits& limits, ConnectionBudget& budget);

  [[nodiscard]] Result<void> listen(const boost::asio::ip::tcp::endpoint& endpoint) { return listener_.open(endpoint); }
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  /// Runs the loop on a thread of this name.
  void start(std::string name);
  /// From any thread: accepts nothing more, lets responses finish within the grace period, then ends.
  void begin_stop();
  /// After begin_stop(): returns when the loop has ended; tasks that ignore their cancellation are left behind.
  void join();

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  /// From any thread.
  [[nodiscard]] ServerStats stats() const noexcept { return shared_.counters.snapshot(); }

 private:
  void admit(boost::asio::ip::tcp::socket socket);
  void refuse(boost::asio::ip::tcp::socket socket);
  void forget(Connection* connection);
  void schedule_sweep();
  void sweep();
  void stop_on_loop();
  void abort_all();

  const Limits& limits_;
  ConnectionBudget& budget_;
  LoopContext shared_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_timer_;
  Listener listener_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  SteadyTime stop_at_ = SteadyTime::max();  // end of the grace period
  std::promise<void> ended_;
  std::thread thread_;
};

}  // namespace tapedeck::http

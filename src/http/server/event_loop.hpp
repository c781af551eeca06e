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
#include "http/server/client_connection.hpp"
#include "http/server/limits.hpp"
#include "http/server/listener.hpp"
#include "http/server/message.hpp"

namespace tapedeck::http {

/// How long stop() waits, after the grace period, for cancelled tasks to end.
inline constexpr std::chrono::milliseconds kAbortGrace{1'000};

/// Limits the connections of all loops together.
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
///
/// The loop lives until its last task has ended. A handler may wait for another thread (a disk, a database) that cannot
/// be cancelled; that thread resumes the handler through this loop.
class EventLoop {
 public:
  EventLoop(Handler& handler, const Limits& limits, ConnectionBudget& budget);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  /// As join().
  ~EventLoop() { join(); }

  [[nodiscard]] Result<void> listen(const boost::asio::ip::tcp::endpoint& endpoint) { return listener_.open(endpoint); }
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  /// Runs the loop on a thread of this name.
  void start(std::string name);
  /// From any thread: accepts nothing more, lets responses finish within the grace period, then cancels the rest.
  void begin_stop();
  /// After begin_stop(): returns when the loop has ended, or at `deadline` if a task still runs.
  void wait_until(SteadyTime deadline) const { ended_future_.wait_until(deadline); }
  /// After begin_stop(), or on a loop that never started: returns when the last task has ended.
  void join();

  /// From any thread.
  [[nodiscard]] ServerStats stats() const noexcept { return shared_.counters.snapshot(); }

 private:
  void admit(boost::asio::ip::tcp::socket socket);
  void refuse(boost::asio::ip::tcp::socket socket);
  void forget(ClientConnection* connection);
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
  std::unordered_map<ClientConnection*, std::unique_ptr<ClientConnection>> connections_;
  SteadyTime stop_at_ = SteadyTime::max();  // end of the grace period
  std::promise<void> ended_;
  std::future<void> ended_future_ = ended_.get_future();
  std::thread thread_;
};

}  // namespace tapedeck::http

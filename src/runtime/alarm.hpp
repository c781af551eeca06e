#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tapedeck {

/// A wait that others can end. One task waits at a time, on the executor given; ring() may come from any thread, before
/// or during the wait, and ends it, or the next one. The shared state outlives a ring that is under way, which is why
/// it is shared.
class Alarm {
 public:
  explicit Alarm(boost::asio::any_io_executor executor);

  /// Returns after `duration`, or when rung.
  [[nodiscard]] boost::asio::awaitable<void> wait_for(std::chrono::nanoseconds duration);
  /// Returns when rung.
  [[nodiscard]] boost::asio::awaitable<void> wait();
  void ring() const;

  /// For std::stop_callback.
  struct Ringer {
    const Alarm* alarm;
    void operator()() const { alarm->ring(); }
  };

 private:
  struct State {
    explicit State(const boost::asio::any_io_executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
    bool rung = false;  // touched on the executor only
  };
  std::shared_ptr<State> state_;
};

}  // namespace tapedeck

#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tapedeck {

/// A wait that others can end. One task waits at a time, on the given executor. ring() may come from any thread: during
/// a wait it ends the wait, before one it ends the next. The state is shared because a ring that is on its way may
/// outlive the alarm.
class Alarm {
 public:
  explicit Alarm(boost::asio::any_io_executor executor);

  /// Returns after `duration`, or when it is rung.
  [[nodiscard]] boost::asio::awaitable<void> wait_for(std::chrono::nanoseconds duration);
  /// Returns when it is rung.
  [[nodiscard]] boost::asio::awaitable<void> wait();
  void ring() const;

  /// A callback for std::stop_callback.
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

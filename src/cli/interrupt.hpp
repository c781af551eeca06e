#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace tapedeck {

/// Turns the first SIGINT or SIGTERM into a stop, while it lives: for commands that end well when they are interrupted.
/// To be made before any thread is started, so that none of them takes the signal.
class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  sigset_t before_{};
  std::jthread watch_;
};

}  // namespace tapedeck

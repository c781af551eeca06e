#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace tapedeck {

/// Turns the first SIGINT or SIGTERM into a stop request; a second one ends the process. For commands that end cleanly
/// when they are interrupted. Construct it before any thread starts, so that no other thread receives the signals.
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

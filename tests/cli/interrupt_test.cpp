#include "cli/interrupt.hpp"

#include <chrono>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

namespace tapedeck {
namespace {

// Waits until the interrupt has seen the signal.
void interrupt_once(const Interrupt& interrupt, int signal) {
  ::kill(::getpid(), signal);
  while (!interrupt.token().stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(Interrupt, the_first_signal_requests_a_stop) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const Interrupt interrupt;
    EXPECT_FALSE(interrupt.token().stop_requested());
    interrupt_once(interrupt, signal);
  }
}

TEST(Interrupt, a_second_signal_ends_the_process) {
  EXPECT_EXIT(
      {
        const Interrupt interrupt;
        interrupt_once(interrupt, SIGINT);
        ::kill(::getpid(), SIGINT);
        std::this_thread::sleep_for(std::chrono::seconds(10));  // a limit: the signal comes first
        ::_exit(0);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace tapedeck

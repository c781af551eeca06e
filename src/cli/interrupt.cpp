#include "cli/interrupt.hpp"

#include <ctime>

#include <pthread.h>

#include "main/stop_signal.hpp"

namespace tapedeck {
namespace {

/// Longest time that the destructor waits for the thread.
constexpr timespec kLook{.tv_sec = 0, .tv_nsec = 50'000'000};

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  watch_ = std::jthread([this, set](const std::stop_token& ended) {
    while (!ended.stop_requested()) {
      const int signal = ::sigtimedwait(&set, nullptr, &kLook);
      if (signal <= 0) continue;
      if (stop_.stop_requested()) {
        pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        std::raise(signal);
      }
      stop_.request_stop();
    }
  });
}

Interrupt::~Interrupt() {
  watch_.request_stop();
  watch_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace tapedeck

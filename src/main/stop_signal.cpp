#include "main/stop_signal.hpp"

#include <pthread.h>

namespace tapedeck {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

StopSignal::StopSignal() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // A file that reaches its limit (ulimit -f, LimitFSIZE) is a failed write, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
}

int StopSignal::wait() {
  const sigset_t set = stop_signals();
  int signal = 0;
  sigwait(&set, &signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return signal;
}

}  // namespace tapedeck

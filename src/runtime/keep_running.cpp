#include "runtime/keep_running.hpp"

#include <exception>
#include <utility>

namespace tapedeck {

Task<> keep_running(std::function<Task<>()> make, TaskScope::FailureHandler on_failure, Clock& clock,
                    std::stop_token stop) {
  while (true) {
    std::exception_ptr failure;
    try {
      co_await make();
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return;
    on_failure(failure);
    co_await clock.sleep_for(kRestartPause, stop);
    if (stop.stop_requested()) co_return;
  }
}

}  // namespace tapedeck

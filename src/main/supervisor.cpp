#include "main/supervisor.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/exit_code.hpp"
#include "domain/events.hpp"
#include "main/service_manager.hpp"
#include "runtime/system_clock.hpp"
#include "telemetry/logger.hpp"

namespace tapedeck {
namespace {

// What parent and child share. Times are CLOCK_BOOTTIME's, in nanoseconds.
struct Shared {
  std::atomic<std::int64_t> allowed_since{0};
  std::atomic<bool> was_ready{false};
  std::atomic<bool> is_stopping{false};
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t nanoseconds(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

class Supervisor {
 public:
  Supervisor(const Settings& settings, Shared& shared) : settings_(settings), shared_(shared) {
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals_, signal);
    ::sigprocmask(SIG_BLOCK, &signals_, &before_);
  }

  int run(const std::function<int(Supervised)>& work) {
    Milliseconds pause = kRestartFirst;
    while (true) {
      shared_.allowed_since = nanoseconds(clock_.steady_now());
      const SteadyTime began = clock_.steady_now();
      child_ = ::fork();
      if (child_ < 0) {
        tell(event::worker_start_failed("fork: " + errno_text()));
        return kFailed;
      }
      if (child_ == 0) std::_Exit(be_child(work));
      const int status = watch();
      if (stopping_ || !shared_.was_ready) return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
      if (clock_.steady_now() - began > kRestartMax) pause = kRestartFirst;
      tell(event::worker_restarted(describe(status), pause));
      if (rest(pause)) return kDone;
      pause = std::min(2 * pause, kRestartMax);
    }
  }

 private:
  static std::string errno_text() { return std::generic_category().message(errno); }
  static std::string describe(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return fmt::format("exit code {}", WEXITSTATUS(status));
  }

  int be_child(const std::function<int(Supervised)>& work) {
    const pid_t parent = ::getppid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent == 1 || ::getppid() != parent) return kFailed;  // the parent was gone before that
    ::setpgid(0, 0);                                           // Ctrl-C is the parent's, who passes it on
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    Shared& shared = shared_;
    return work({.pulse = [&shared](SteadyTime since) { shared.allowed_since = nanoseconds(since); },
                 .ready = [&shared] { shared.was_ready = true; },
                 .stopping = [&shared] { shared.is_stopping = true; }});
  }

  // Until the child has ended; its wait status.
  int watch() {
    while (true) {
      const timespec look{0, std::chrono::nanoseconds(kSupervisorLook).count()};
      const int signal = ::sigtimedwait(&signals_, nullptr, &look);
      if (signal == SIGTERM || signal == SIGINT) {
        if (stopping_) ::kill(child_, SIGTERM);  // somebody insists: a second one ends the child at once
        stopping_ = true;
        notify_stopping();
      } else if (stopping_ && !shared_.is_stopping && !was_told_) {
        // A look later, since whoever signals a whole group has told the child already, and two would end it at once.
        ::kill(child_, SIGTERM);
        was_told_ = true;
      }
      report();
      int status = 0;
      if (::waitpid(child_, &status, WNOHANG) == child_) return status;
      const auto silence = std::chrono::nanoseconds(nanoseconds(clock_.steady_now()) - shared_.allowed_since);
      if (!shared_.was_ready || silence < kWorkerSilenceMax) continue;
      ::kill(child_, SIGKILL);
      ::waitpid(child_, &status, 0);
      tell(event::worker_killed(child_, silence));
      return status;
    }
  }

  // To the service manager: as long as the child is watched, all is well.
  void report() {
    if (shared_.was_ready && !std::exchange(said_ready_, true)) notify_ready();
    if (watchdog_) notify_alive();
  }

  // True: a signal came that ends it all.
  bool rest(Milliseconds pause) {
    const timespec time{pause.count() / 1'000, pause.count() % 1'000 * 1'000'000};
    sigset_t ending{};
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    return ::sigtimedwait(&ending, nullptr, &time) > 0;
  }

  // The logger has a thread, which must not be there at the next fork.
  void tell(const Event& event) {
    Logger log(clock_, LogOptions{settings_.log_format, settings_.log_level, STDERR_FILENO});
    log.emit(event);
  }

  const Settings& settings_;
  Shared& shared_;
  SystemClock clock_;
  sigset_t signals_{};
  sigset_t before_{};
  pid_t child_ = 0;
  bool stopping_ = false;
  bool was_told_ = false;
  bool said_ready_ = false;
  const bool watchdog_ = watchdog_interval().has_value();
};

}  // namespace

int supervise(const Settings& settings, const std::function<int(Supervised)>& work) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    fmt::print(stderr, "tapedeck: {}\n", std::generic_category().message(errno));
    return kFailed;
  }
  Shared* shared = new (memory) Shared;
  return Supervisor(settings, *shared).run(work);
}

}  // namespace tapedeck

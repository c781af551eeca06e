#include "main/supervisor.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "domain/events.hpp"
#include "main/exit_code.hpp"
#include "main/service_manager.hpp"
#include "main/stop_signal.hpp"
#include "runtime/system_clock.hpp"
#include "telemetry/logger.hpp"

namespace tapedeck {
namespace {

// What one child reports to the parent, in memory that both share. Every child begins with a new one.
struct Report {
  std::atomic<SteadyTime::rep> confirmed{0};  // a SteadyTime since its epoch
  std::atomic<bool> is_ready{false};
  std::atomic<bool> is_stopping{false};

  void confirm(SteadyTime time) { confirmed = time.time_since_epoch().count(); }
  [[nodiscard]] SteadyTime last_confirmed() const { return SteadyTime(SteadyTime::duration(confirmed.load())); }
};
static_assert(std::atomic<SteadyTime::rep>::is_always_lock_free);

// What the parent keeps of one child.
struct Child {
  pid_t pid = 0;
  SteadyTime began;
  bool was_told_to_stop = false;
};

class Supervisor {
 public:
  Supervisor(const Settings& settings, Report& report, SupervisorLimits limits)
      : settings_(settings), report_(report), limits_(limits) {
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals_, signal);
    ::sigprocmask(SIG_BLOCK, &signals_, &before_);
  }

  int run(const std::function<int(Supervised)>& work) {
    Milliseconds pause = kRestartFirst;
    while (true) {
      std::construct_at(&report_);
      Child child{.pid = ::fork(), .began = clock_.steady_now()};
      if (child.pid < 0) {
        log(event::worker_start_failed("fork: " + std::generic_category().message(errno)));
        return kFailed;
      }
      if (child.pid == 0) std::_Exit(be_child(work));
      const int status = watch(child);
      if (is_stopping_ || !was_ever_ready_) return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
      if (clock_.steady_now() - child.began > kRestartMax) pause = kRestartFirst;
      log(event::worker_restarted(describe(status), pause));
      if (is_stopped_within(pause)) return kDone;
      pause = std::min(2 * pause, kRestartMax);
    }
  }

 private:
  static std::string describe(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return fmt::format("exit code {}", WEXITSTATUS(status));
  }

  int be_child(const std::function<int(Supervised)>& work) {
    const pid_t parent = ::getppid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent == 1 || ::getppid() != parent) return kFailed;  // the parent ended before prctl()
    ::setpgid(0, 0);                                           // Ctrl-C goes to the parent alone, which passes it on
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    Report& report = report_;
    const SystemClock& clock = clock_;
    return work({.pulse = [&report](SteadyTime confirmed) { report.confirm(confirmed); },
                 .ready =
                     [&report, &clock] {
                       report.confirm(clock.steady_now());  // silence counts from here
                       report.is_ready = true;
                     },
                 .stopping = [&report] { report.is_stopping = true; }});
  }

  // Until the child has ended; returns its wait status.
  int watch(Child child) {
    while (true) {
      const timespec look{0, std::chrono::nanoseconds(kSupervisorLook).count()};
      const int signal = ::sigtimedwait(&signals_, nullptr, &look);
      if (signal == SIGTERM || signal == SIGINT) {
        if (is_stopping_) ::kill(child.pid, SIGTERM);  // a second signal to the child ends it at once
        is_stopping_ = true;
        notify_stopping();
      } else if (is_stopping_ && !report_.is_stopping && !child.was_told_to_stop) {
        // One look later, because a signal to the whole group has reached the child too, and two would end it at once.
        ::kill(child.pid, SIGTERM);
        child.was_told_to_stop = true;
      }
      notify_service_manager();
      int status = 0;
      if (::waitpid(child.pid, &status, WNOHANG) == child.pid) return status;
      const auto stall = stall_of(child);
      if (!stall) continue;
      ::kill(child.pid, SIGKILL);
      ::waitpid(child.pid, &status, 0);
      log(event::worker_killed(child.pid, event::Span(stall->seconds), std::string(stall->detail)));
      return status;
    }
  }

  struct Stall {
    double seconds;
    std::string_view detail;
  };
  [[nodiscard]] std::optional<Stall> stall_of(const Child& child) const {
    const bool is_ready = report_.is_ready;
    const auto silence = clock_.steady_now() - (is_ready ? report_.last_confirmed() : child.began);
    const double seconds = std::chrono::duration<double>(silence).count();
    if (is_ready && silence >= limits_.silence_max) {
      return Stall{seconds, "it has not shown for so long that it may go on downloading"};
    }
    if (!is_ready && was_ever_ready_ && silence >= limits_.restarted_ready_max) {
      return Stall{seconds, "it was started again and did not become ready"};
    }
    return std::nullopt;
  }

  // All is well as long as somebody watches the child.
  void notify_service_manager() {
    if (report_.is_ready && !std::exchange(was_ever_ready_, true)) notify_ready();
    if (has_watchdog_) notify_alive();
  }

  // True: a signal came that ends the supervisor.
  static bool is_stopped_within(Milliseconds pause) {
    const timespec time{pause.count() / 1'000, pause.count() % 1'000 * 1'000'000};
    const sigset_t ending = stop_signals();
    return ::sigtimedwait(&ending, nullptr, &time) > 0;
  }

  // The logger has a thread, which must not exist at the next fork().
  void log(const Event& event) {
    Logger log(clock_, LogOptions{settings_.log_format, settings_.log_level, STDERR_FILENO});
    log.emit(event);
  }

  const Settings& settings_;
  Report& report_;
  const SupervisorLimits limits_;
  SystemClock clock_;
  sigset_t signals_{};
  sigset_t before_{};
  bool is_stopping_ = false;
  bool was_ever_ready_ = false;
  const bool has_watchdog_ = watchdog_interval().has_value();
};

}  // namespace

int supervise(const Settings& settings, const std::function<int(Supervised)>& work, SupervisorLimits limits) {
  void* memory = ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    fmt::print(stderr, "tapedeck: {}\n", std::generic_category().message(errno));
    return kFailed;
  }
  return Supervisor(settings, *static_cast<Report*>(memory), limits).run(work);
}

}  // namespace tapedeck

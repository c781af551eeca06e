#include "main/supervisor.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <new>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/system_clock.hpp"

// A supervisor in a process of its own, whose workers do what each test says.

namespace tapedeck {
namespace {

using namespace std::chrono_literals;

constexpr auto kSilenceMax = 400ms;
constexpr auto kReadyMax = 3s;
constexpr auto kPatience = 20s;

// What the test, the supervisor and its workers share.
struct Shared {
  std::atomic<int> started{0};
  std::atomic<int> ready{0};
};

volatile std::sig_atomic_t was_told = 0;

// Works, with its pulse, until a signal tells it to stop.
int work_until_told(const Supervised& supervised) {
  while (was_told == 0) {
    supervised.pulse(SystemClock().steady_now());
    std::this_thread::sleep_for(10ms);
  }
  supervised.stopping();
  return 0;
}

class SupervisorTest : public ::testing::Test {
 protected:
  using Work = std::function<int(int start, const Supervised& supervised)>;

  SupervisorTest() {
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_ = new (memory) Shared;
  }
  ~SupervisorTest() override {
    if (supervisor_ > 0) {
      ::kill(supervisor_, SIGKILL);
      ::waitpid(supervisor_, nullptr, 0);
    }
    ::munmap(shared_, sizeof(Shared));
  }

  // `work` is told which start it is: 1, 2, 3 and so on.
  void supervise_in_a_process(const Work& work) {
    supervisor_ = ::fork();
    ASSERT_GE(supervisor_, 0);
    if (supervisor_ > 0) return;
    const SupervisorLimits limits{.silence_max = kSilenceMax, .restarted_ready_max = kReadyMax};
    Shared& shared = *shared_;
    std::_Exit(supervise(
        Settings{},
        [&](Supervised supervised) {
          std::signal(SIGTERM, [](int) { was_told = 1; });
          const auto ready = supervised.ready;
          supervised.ready = [&shared, ready] {
            ready();
            ++shared.ready;
          };
          return work(++shared.started, supervised);
        },
        limits));
  }

  void wait_until_ready(int count) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (shared_->ready < count && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
    EXPECT_GE(shared_->ready, count);
  }
  void tell_to_stop() const { ::kill(supervisor_, SIGTERM); }
  // The supervisor's exit code; -1: it has not ended, or not by itself.
  int exit_code() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      int status = 0;
      if (::waitpid(supervisor_, &status, WNOHANG) == supervisor_) {
        supervisor_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
      std::this_thread::sleep_for(5ms);
    }
    return -1;
  }
  [[nodiscard]] int started() const { return shared_->started; }

 private:
  Shared* shared_ = nullptr;
  pid_t supervisor_ = 0;
};

TEST_F(SupervisorTest, a_worker_that_never_became_ready_ends_the_supervisor_with_its_exit_code) {
  supervise_in_a_process([](int, const Supervised&) { return 3; });
  EXPECT_EQ(exit_code(), 3);
  EXPECT_EQ(started(), 1);
}

TEST_F(SupervisorTest, a_worker_ends_its_work_when_the_supervisor_is_told_to_stop) {
  supervise_in_a_process([](int, const Supervised& supervised) {
    supervised.ready();
    return work_until_told(supervised);
  });
  wait_until_ready(1);
  tell_to_stop();
  EXPECT_EQ(exit_code(), 0);
  EXPECT_EQ(started(), 1);
}

TEST_F(SupervisorTest, a_worker_that_stalls_is_killed_and_started_again) {
  supervise_in_a_process([](int start, const Supervised& supervised) {
    supervised.ready();
    if (start == 1) std::this_thread::sleep_for(kPatience);
    return work_until_told(supervised);
  });
  wait_until_ready(2);
  tell_to_stop();
  EXPECT_EQ(exit_code(), 0);
  EXPECT_EQ(started(), 2);
}

TEST_F(SupervisorTest, a_worker_may_be_silent_until_it_is_ready) {
  supervise_in_a_process([](int, const Supervised& supervised) {
    std::this_thread::sleep_for(4 * kSilenceMax);
    supervised.ready();
    std::this_thread::sleep_for(kSilenceMax / 2);  // the first pulse comes a moment later
    return work_until_told(supervised);
  });
  wait_until_ready(1);
  std::this_thread::sleep_for(2 * kSilenceMax);
  tell_to_stop();
  EXPECT_EQ(exit_code(), 0);
  EXPECT_EQ(started(), 1);
}

TEST_F(SupervisorTest, a_restarted_worker_may_be_silent_until_it_is_ready) {
  supervise_in_a_process([](int start, const Supervised& supervised) {
    if (start > 1) std::this_thread::sleep_for(4 * kSilenceMax);
    supervised.ready();
    if (start == 1) return 1;
    return work_until_told(supervised);
  });
  wait_until_ready(2);
  tell_to_stop();
  EXPECT_EQ(exit_code(), 0);
  EXPECT_EQ(started(), 2);
}

TEST_F(SupervisorTest, a_restarted_worker_that_never_becomes_ready_is_killed_and_started_again) {
  supervise_in_a_process([](int start, const Supervised& supervised) {
    if (start == 2) std::this_thread::sleep_for(kPatience);
    supervised.ready();
    if (start == 1) return 1;
    return work_until_told(supervised);
  });
  wait_until_ready(2);
  tell_to_stop();
  EXPECT_EQ(exit_code(), 0);
  EXPECT_EQ(started(), 3);
}

TEST_F(SupervisorTest, a_restarted_worker_that_fails_to_start_is_started_once_more) {
  supervise_in_a_process([](int start, const Supervised& supervised) {
    if (start == 2) return 1;
    supervised.ready();
    if (start == 1) return 1;
    return work_until_told(supervised);
  });
  wait_until_ready(2);
  tell_to_stop();
  EXPECT_EQ(exit_code(), 0);
  EXPECT_EQ(started(), 3);
}

TEST_F(SupervisorTest, a_single_signal_reaches_a_worker_whose_predecessor_got_its_own) {
  supervise_in_a_process([](int start, const Supervised& supervised) {
    supervised.ready();
    if (start > 1) return work_until_told(supervised);
    supervised.stopping();  // somebody has told this worker, and not its supervisor
    return 0;
  });
  wait_until_ready(2);
  tell_to_stop();
  EXPECT_EQ(exit_code(), 0);
  EXPECT_EQ(started(), 2);
}

}  // namespace
}  // namespace tapedeck

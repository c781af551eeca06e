#include "runtime/keep_running.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "runtime/describe.hpp"

namespace tapedeck {
namespace {

// Sleeps for no time.
class HastyClock final : public Clock {
 public:
  [[nodiscard]] SystemTime system_now() const override { return {}; }
  [[nodiscard]] SteadyTime steady_now() const override { return {}; }
  [[nodiscard]] Task<> sleep_until(SteadyTime, std::stop_token) override { co_return; }
};

Task<> break_twice(int* runs) {
  if (++*runs <= 2) throw std::runtime_error("the disk is on fire");
  co_return;
}

std::vector<std::string> run(std::function<Task<>()> make, std::stop_token stop) {
  std::vector<std::string> failures;
  HastyClock clock;
  boost::asio::io_context loop;
  const auto note = [&failures](std::exception_ptr failure) { failures.push_back(describe(failure)); };
  bool ended = false;
  boost::asio::co_spawn(loop, keep_running(std::move(make), note, clock, std::move(stop)),
                        [&ended](std::exception_ptr failure) { ended = !failure; });
  loop.run();
  EXPECT_TRUE(ended);
  return failures;
}

TEST(KeepRunning, a_task_that_breaks_is_reported_and_started_again_until_it_returns) {
  int runs = 0;
  const auto failures = run([&runs] { return break_twice(&runs); }, {});
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(failures, (std::vector<std::string>{"the disk is on fire", "the disk is on fire"}));
}

TEST(KeepRunning, a_task_that_breaks_is_not_started_again_after_a_stop) {
  std::stop_source stop;
  stop.request_stop();
  int runs = 0;
  const auto failures = run([&runs] { return break_twice(&runs); }, stop.get_token());
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(failures.size(), 1U);
}

TEST(Describe, an_exception_without_a_text_is_unknown) {
  EXPECT_EQ(describe(std::make_exception_ptr(std::runtime_error("away"))), "away");
  EXPECT_EQ(describe(std::make_exception_ptr(7)), "an unknown exception");
}

}  // namespace
}  // namespace tapedeck

#include "curl/speed_window.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

using namespace std::chrono_literals;

constexpr SpeedWindow::Time kStart{1h};

SpeedWindow started(std::uint64_t bytes_per_second = 100) {
  SpeedWindow window(bytes_per_second, Milliseconds{10'000});
  window.restart(kStart);
  return window;
}

TEST(SpeedWindow, gives_no_verdict_before_its_end) {
  SpeedWindow window = started();
  EXPECT_FALSE(window.is_too_slow(kStart + 9'999ms));
  EXPECT_EQ(window.ends_at(), kStart + 10s);
}

TEST(SpeedWindow, is_too_slow_with_one_byte_less_than_the_limit) {
  SpeedWindow window = started();
  window.add(999);
  EXPECT_TRUE(window.is_too_slow(kStart + 10s));
}

TEST(SpeedWindow, is_fast_enough_at_the_limit_and_starts_anew) {
  SpeedWindow window = started();
  window.add(600);
  window.add(400);
  EXPECT_FALSE(window.is_too_slow(kStart + 10s));
  EXPECT_EQ(window.ends_at(), kStart + 20s);
}

TEST(SpeedWindow, does_not_carry_bytes_into_the_next_window) {
  SpeedWindow window = started();
  window.add(1'000'000);
  EXPECT_FALSE(window.is_too_slow(kStart + 10s));
  EXPECT_TRUE(window.is_too_slow(kStart + 20s));
}

TEST(SpeedWindow, bears_a_steady_drip_over_many_windows) {
  SpeedWindow window = started();
  for (int second = 1; second <= 1'000; ++second) {
    window.add(100);
    ASSERT_FALSE(window.is_too_slow(kStart + std::chrono::seconds(second))) << second;
  }
}

TEST(SpeedWindow, forgets_a_wait_of_our_own) {
  SpeedWindow window = started();
  window.restart(kStart + 9s);
  EXPECT_FALSE(window.is_too_slow(kStart + 18s));
  EXPECT_TRUE(window.is_too_slow(kStart + 19s));
}

TEST(SpeedWindow, has_no_limit_at_zero) {
  SpeedWindow window = started(0);
  EXPECT_FALSE(window.is_too_slow(kStart + 1'000h));
  EXPECT_EQ(window.ends_at(), SpeedWindow::Time::max());
}

}  // namespace
}  // namespace tapedeck

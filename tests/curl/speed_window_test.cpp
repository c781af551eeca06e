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

TEST(SpeedWindow, a_window_gives_no_verdict_before_its_end) {
  SpeedWindow window = started();
  EXPECT_FALSE(window.is_too_slow(kStart + 9'999ms));
  EXPECT_EQ(window.ends_at(), kStart + 10s);
}

TEST(SpeedWindow, one_byte_less_than_the_limit_is_too_slow) {
  SpeedWindow window = started();
  window.add(999);
  EXPECT_TRUE(window.is_too_slow(kStart + 10s));
}

TEST(SpeedWindow, the_limit_itself_is_fast_enough_and_starts_a_new_window) {
  SpeedWindow window = started();
  window.add(600);
  window.add(400);
  EXPECT_FALSE(window.is_too_slow(kStart + 10s));
  EXPECT_EQ(window.ends_at(), kStart + 20s);
}

TEST(SpeedWindow, bytes_do_not_count_in_the_next_window) {
  SpeedWindow window = started();
  window.add(1'000'000);
  EXPECT_FALSE(window.is_too_slow(kStart + 10s));
  EXPECT_TRUE(window.is_too_slow(kStart + 20s));
}

TEST(SpeedWindow, a_steady_drip_is_fast_enough_over_many_windows) {
  SpeedWindow window = started();
  for (int second = 1; second <= 1'000; ++second) {
    window.add(100);
    ASSERT_FALSE(window.is_too_slow(kStart + std::chrono::seconds(second))) << second;
  }
}

TEST(SpeedWindow, a_wait_of_our_own_does_not_count) {
  SpeedWindow window = started();
  window.restart(kStart + 9s);
  EXPECT_FALSE(window.is_too_slow(kStart + 18s));
  EXPECT_TRUE(window.is_too_slow(kStart + 19s));
}

TEST(SpeedWindow, a_rate_of_zero_is_no_limit) {
  SpeedWindow window = started(0);
  EXPECT_FALSE(window.is_too_slow(kStart + 1'000h));
  EXPECT_EQ(window.ends_at(), SpeedWindow::Time::max());
}

}  // namespace
}  // namespace tapedeck

#include "runtime/system_random.hpp"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(SystemRandom, uniform_values_stay_in_their_interval_and_reach_every_tenth_of_it) {
  SystemRandom random;
  std::array<int, 10> tenths{};
  for (int i = 0; i < 10'000; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++tenths[static_cast<std::size_t>(value * 10)];
  }
  // 1000 expected in each; a fair generator leaves 700 to 1300 less than once in 10^20 runs.
  EXPECT_GT(*std::ranges::min_element(tenths), 700);
  EXPECT_LT(*std::ranges::max_element(tenths), 1300);
}

TEST(SystemRandom, bytes_come_in_the_length_asked_for_and_never_twice) {
  SystemRandom random;
  EXPECT_EQ(random.bytes(0), "");
  EXPECT_EQ(random.bytes(1000).size(), 1000U);
  EXPECT_NE(random.bytes(32), random.bytes(32));
}

}  // namespace
}  // namespace tapedeck

#include <cstdlib>
#include <iostream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

namespace tapedeck::simulation {
namespace {

constexpr int kOperationsOfAnEpisode = 2'000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kEpisodes = 50;                  // a sanitizer takes ten times as long
constexpr std::uint64_t kTransitionsMin = 10;  // the rarest comes about 30 times
#else
constexpr int kEpisodes = 700;  // 1.4 million operations: the rarest transition comes about 450 times
/// Of each kind of transition in a run.
constexpr std::uint64_t kTransitionsMin = 200;
#endif
constexpr int kEpisodesFull = 10'000;  // twenty million

constexpr Weather kFair{};
constexpr Weather kStorm{true, true, true, true};

std::uint64_t first_seed() {
  const char* seed = std::getenv("TAPEDECK_SEED");
  return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 20'261'123;
}

bool is_full() { return std::getenv("TAPEDECK_FULL") != nullptr; }

std::string run_episode(std::uint64_t seed, Weather weather, int operations, TransitionCounts& counts,
                        std::uint64_t* steps = nullptr) {
  World world(seed, weather, counts);
  std::string violation;
  try {
    violation = world.run(operations);
  } catch (const Violation& thrown) {
    violation = thrown.what();
  }
  if (steps != nullptr) *steps += world.steps();
  return violation;
}

Weather weather_of(int episode) {
  // Each combination has its turn.
  return Weather{(episode & 1) != 0, (episode & 2) != 0, (episode & 4) != 0, (episode & 8) != 0};
}

TEST(Simulation, a_million_random_operations_break_no_rule_of_the_protocol) {
  TransitionCounts counts;
  std::uint64_t steps = 0;
  const int episodes = is_full() ? kEpisodesFull : kEpisodes;
  // A failure names its episode; TAPEDECK_EPISODE runs that one alone.
  const char* only = std::getenv("TAPEDECK_EPISODE");
  const int first_episode = only != nullptr ? std::atoi(only) : 0;
  for (int episode = first_episode; episode < (only != nullptr ? first_episode + 1 : episodes); ++episode) {
    const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(episode);
    const std::string violation = run_episode(seed, weather_of(episode), kOperationsOfAnEpisode, counts, &steps);
    ASSERT_EQ(violation, "") << "episode " << episode << ", seed " << seed << ", weather " << (episode & 15);
  }
  if (only != nullptr) return;
  std::cout << fmt::format("{} operations, {} steps of the slot store\n", episodes * kOperationsOfAnEpisode, steps);
  for (const auto& [transition, times] : counts) std::cout << fmt::format("{:>10}  {}\n", times, transition);
  for (const auto& [transition, times] : counts) EXPECT_GE(times, kTransitionsMin) << transition;
}

TEST(Simulation, the_same_seed_tells_the_same_story) {
  TransitionCounts first;
  TransitionCounts second;
  EXPECT_EQ(run_episode(7, kStorm, 500, first), "");
  EXPECT_EQ(run_episode(7, kStorm, 500, second), "");
  EXPECT_EQ(first, second);
}

TEST(Simulation, each_recording_is_fetched_exactly_once_in_fair_weather) {
  TransitionCounts counts;
  EXPECT_EQ(run_episode(11, kFair, 2'000, counts), "");
  EXPECT_EQ(counts["sweep: reclaimed"], 0U);
  EXPECT_EQ(counts["finish: retry"], 0U);
  EXPECT_GE(counts["end: stored"], 400U);
}

}  // namespace
}  // namespace tapedeck::simulation

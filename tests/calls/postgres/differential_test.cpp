#include <atomic>
#include <random>

#include <gtest/gtest.h>

#include "tests/calls/postgres/shared_server.hpp"
#include "tests/contract/call_store_player.hpp"
#include "tests/fakes/lossy_proxy.hpp"
#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck {
namespace {

TEST(Differential, the_postgres_store_and_the_one_in_memory_answer_alike) {
  constexpr int kSteps = 8'000;
  constexpr int kLives = 4;  // fresh stores now and then, since everything ends up stored or deleted
  const auto seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  for (std::uint32_t life = 0; life < kLives; ++life) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", life " << life);
    const TestDatabase database;
    const auto postgres = open_store(database.url(), small_store());
    MemoryCallStore memory;
    ASSERT_NO_FATAL_FAILURE(contract::play_alike(seed + life, *postgres, memory, kSteps / kLives));
  }
}

// One change in five has its connection cut at COMMIT, before the server gets it or before its answer comes back. Every
// answer is that of a store that lost nothing and did nothing twice.
TEST(Differential, a_store_whose_commits_get_lost_on_the_way_answers_like_one_whose_do_not) {
  constexpr int kSteps = 1'500;
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const TestDatabase database;
  std::mt19937 random(seed);
  const auto decide = [&random] {
    switch (random() % 10) {
      case 0: return LossyProxy::Fate::kLoseRequest;
      case 1: return LossyProxy::Fate::kLoseAnswer;
      default: return LossyProxy::Fate::kPass;
    }
  };
  const ProxiedServer proxied(decide);
  PostgresOptions options = small_store();
  options.changes.connections = 1;
  options.changes.reconnect_pause = Milliseconds(1);
  const auto postgres = open_store(proxied.url(database.name()), options);
  MemoryCallStore memory;
  contract::play_alike(seed, *postgres, memory, kSteps);
  EXPECT_GT(proxied.proxy().lost(), 20);
}

}  // namespace
}  // namespace tapedeck

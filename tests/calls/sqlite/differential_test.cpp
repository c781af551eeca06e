#include <random>

#include <gtest/gtest.h>

#include "tests/calls/sqlite/faulty_disk.hpp"
#include "tests/calls/sqlite/temporary_store.hpp"
#include "tests/contract/call_store_player.hpp"
#include "tests/fakes/memory_call_store.hpp"

namespace tapedeck {
namespace {

TEST(Differential, the_sqlite_store_and_the_one_in_memory_answer_alike) {
  constexpr int kSteps = 20'000;
  constexpr int kLives = 10;  // fresh stores now and then, since everything ends up stored or deleted
  const auto seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  FaultyDisk disk;
  disk.skip_syncs();
  SqliteOptions options;
  options.database.vfs = FaultyDisk::name();
  for (std::uint32_t life = 0; life < kLives; ++life) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", life " << life);
    const TemporaryDirectory directory;
    const auto sqlite = open_store(directory.file("calls.db"), options);
    MemoryCallStore memory;
    ASSERT_NO_FATAL_FAILURE(contract::play_alike(seed + life, *sqlite, memory, kSteps / kLives));
  }
}

}  // namespace
}  // namespace tapedeck

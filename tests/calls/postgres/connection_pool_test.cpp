#include "calls/postgres/connection_pool.hpp"

#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "tests/calls/postgres/shared_server.hpp"

namespace {

// Number of coming allocations of this thread that fail.
thread_local int failing_allocations = 0;

void* allocate(std::size_t size) {
  if (failing_allocations > 0) {
    --failing_allocations;
    throw std::bad_alloc();
  }
  void* memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace tapedeck::postgres {
namespace {

Seat::Time soon() { return std::chrono::steady_clock::now() + Seconds(10); }

TEST(ConnectionPool, a_seat_whose_job_meets_the_end_of_memory_serves_the_next_job) {
  const TestDatabase database;
  PoolOptions options;
  options.connections = 1;
  ConnectionPool pool("db-test", Access::kChange, ConnectionString::parse(database.url()).value(), {}, options);
  const auto out_of_memory = [](Database&) -> bool {
    failing_allocations = 1;  // the next one after this one
    throw std::bad_alloc();
  };
  try {
    const auto failure = pool.run(out_of_memory, soon());
    EXPECT_TRUE(failure);
  } catch (const std::bad_alloc&) {
    // The caller hears of it either way.
  }
  failing_allocations = 0;
  const auto add = [](Database& session) {
    return session.run("INSERT INTO meta (key, value) VALUES ('test', 1)") == 1;
  };
  EXPECT_FALSE(pool.run(add, soon()));
  EXPECT_EQ(database.ask("SELECT value FROM meta WHERE key = 'test'"), "1");
}

}  // namespace
}  // namespace tapedeck::postgres

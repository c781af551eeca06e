#include "runtime/offload.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace tapedeck {
namespace {

boost::asio::awaitable<Result<int>> run_on(OffloadPool& pool, std::thread::id* worked, std::thread::id* resumed) {
  const auto work = [worked]() -> Result<int> {
    *worked = std::this_thread::get_id();
    return 42;
  };
  Result<int> value = co_await offload(pool, work);
  *resumed = std::this_thread::get_id();
  co_return value;
}

boost::asio::awaitable<Result<int>> run_failing(OffloadPool& pool) {
  const auto work = []() -> Result<int> { throw std::runtime_error("disk on fire"); };
  Result<int> value = co_await offload(pool, work);
  co_return value;
}

boost::asio::awaitable<Result<int>> run_after(OffloadPool& pool, std::shared_future<void> gate) {
  const auto work = [gate]() -> Result<int> {
    gate.wait();
    return 1;
  };
  Result<int> value = co_await offload(pool, work);
  co_return value;
}

TEST(OffloadPool, runs_the_work_elsewhere_and_resumes_on_the_callers_loop) {
  OffloadPool pool("test", 2);
  boost::asio::io_context loop;
  std::thread::id worked;
  std::thread::id resumed;
  auto result = boost::asio::co_spawn(loop, run_on(pool, &worked, &resumed), boost::asio::use_future);
  loop.run();
  EXPECT_EQ(result.get().value(), 42);
  EXPECT_EQ(resumed, std::this_thread::get_id());
  EXPECT_NE(worked, resumed);
}

TEST(OffloadPool, hands_an_exception_of_the_work_to_the_awaiting_task) {
  OffloadPool pool("test", 1);
  boost::asio::io_context loop;
  auto result = boost::asio::co_spawn(loop, run_failing(pool), boost::asio::use_future);
  loop.run();
  EXPECT_THROW(result.get(), std::runtime_error);
}

TEST(OffloadPool, finishes_what_is_queued_before_it_ends) {
  std::atomic<int> done = 0;
  {
    OffloadPool pool("test", 1);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(pool.admit());
      pool.post_admitted([&done] { ++done; });
    }
  }
  EXPECT_EQ(done, 100);
}

TEST(OffloadPool, takes_work_after_clean_up_that_was_never_admitted) {
  OffloadPool pool("test", 1);
  std::promise<void> cleaned;
  pool.post([&cleaned] { cleaned.set_value(); });
  cleaned.get_future().wait();
  ASSERT_TRUE(pool.admit());
  pool.post_admitted([] {});
}

TEST(OffloadPool, refuses_work_beyond_its_limit_and_counts_it) {
  constexpr int kAsked = 5;
  constexpr int kQueueMax = 2;
  OffloadPool pool("narrow", 1, kQueueMax);
  boost::asio::io_context loop;
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  std::vector<std::future<Result<int>>> results;
  for (int i = 0; i < kAsked; ++i) {
    results.push_back(boost::asio::co_spawn(loop, run_after(pool, opened), boost::asio::use_future));
  }
  loop.poll();
  gate.set_value();
  loop.run();
  int refused = 0;
  for (auto& result : results) {
    const Result<int> value = result.get();
    if (value) continue;
    ++refused;
    EXPECT_EQ(value.error().errc(), Errc::kUnavailable);
    EXPECT_EQ(value.error().detail, "2 operations wait for the threads of 'narrow' already");
  }
  // Whether the thread has taken one before the others were asked for is chance.
  EXPECT_GE(refused, kAsked - kQueueMax - 1);
  EXPECT_LE(refused, kAsked - kQueueMax);
  EXPECT_EQ(pool.refused(), static_cast<std::uint64_t>(refused));
}

}  // namespace
}  // namespace tapedeck

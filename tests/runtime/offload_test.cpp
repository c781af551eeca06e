#include "runtime/offload.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace tapedeck {
namespace {

boost::asio::awaitable<int> run_on(OffloadPool& pool, std::thread::id* worked, std::thread::id* resumed) {
  const int value = co_await offload(pool, [worked] {
    *worked = std::this_thread::get_id();
    return 42;
  });
  *resumed = std::this_thread::get_id();
  co_return value;
}

boost::asio::awaitable<int> run_failing(OffloadPool& pool) {
  const int value = co_await offload(pool, []() -> int { throw std::runtime_error("disk on fire"); });
  co_return value;
}

TEST(OffloadPool, runs_the_work_elsewhere_and_resumes_on_the_callers_loop) {
  OffloadPool pool("test", 2);
  boost::asio::io_context loop;
  std::thread::id worked;
  std::thread::id resumed;
  auto result = boost::asio::co_spawn(loop, run_on(pool, &worked, &resumed), boost::asio::use_future);
  loop.run();
  EXPECT_EQ(result.get(), 42);
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
    for (int i = 0; i < 100; ++i) pool.post([&done] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace tapedeck

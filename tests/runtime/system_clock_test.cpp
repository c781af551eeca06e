#include "runtime/system_clock.hpp"

#include <chrono>
#include <exception>
#include <future>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

namespace tapedeck {
namespace {

Task<std::thread::id> sleep_for(SystemClock& clock, Milliseconds length) {
  co_await clock.sleep_until(clock.steady_now() + length, std::stop_token{});
  co_return std::this_thread::get_id();
}

TEST(SystemClock, a_sleep_ends_at_its_deadline_on_the_loop_that_awaits_it) {
  SystemClock clock;
  boost::asio::io_context loop;
  const SteadyTime before = clock.steady_now();
  auto woke_on = boost::asio::co_spawn(loop, sleep_for(clock, Milliseconds{20}), boost::asio::use_future);
  loop.run();
  EXPECT_EQ(woke_on.get(), std::this_thread::get_id());
  EXPECT_GE(clock.steady_now() - before, Milliseconds{20});
}

TEST(SystemClock, a_deadline_in_the_past_returns_at_once) {
  SystemClock clock;
  boost::asio::io_context loop;
  auto done = boost::asio::co_spawn(loop, sleep_for(clock, Milliseconds{-1000}), boost::asio::use_future);
  loop.poll();  // runs what is ready, and waits for nothing
  EXPECT_EQ(done.wait_for(std::chrono::seconds{0}), std::future_status::ready);
}

TEST(SystemClock, a_cancelled_sleep_throws_operation_aborted_before_its_deadline) {
  SystemClock clock;
  boost::asio::io_context loop;
  boost::asio::cancellation_signal cancel;
  std::exception_ptr outcome;
  boost::asio::co_spawn(
      loop, sleep_for(clock, Milliseconds{3'600'000}),
      boost::asio::bind_cancellation_slot(
          cancel.slot(), [&outcome](std::exception_ptr failure, std::thread::id) { outcome = failure; }));
  boost::asio::post(loop, [&cancel] { cancel.emit(boost::asio::cancellation_type::terminal); });
  loop.run();
  ASSERT_TRUE(outcome);
  try {
    std::rethrow_exception(outcome);
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), boost::asio::error::operation_aborted);
  }
}

Task<> sleep_an_hour(SystemClock& clock, std::stop_token stop) {
  co_await clock.sleep_until(clock.steady_now() + std::chrono::hours{1}, stop);
}

TEST(SystemClock, a_sleep_that_another_thread_stops_returns_before_its_deadline) {
  SystemClock clock;
  boost::asio::io_context loop;
  std::stop_source stop;
  auto woken = boost::asio::co_spawn(loop, sleep_an_hour(clock, stop.get_token()), boost::asio::use_future);
  const std::jthread other([&stop] { stop.request_stop(); });
  loop.run();
  EXPECT_NO_THROW(woken.get());
}

TEST(SystemClock, system_time_is_after_this_was_written) {
  SystemClock clock;
  EXPECT_GT(clock.system_now(), SystemTime(std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}));
}

TEST(SystemClock, steady_time_does_not_go_back) {
  SystemClock clock;
  SteadyTime last = clock.steady_now();
  for (int i = 0; i < 1000; ++i) {
    const SteadyTime now = clock.steady_now();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace tapedeck

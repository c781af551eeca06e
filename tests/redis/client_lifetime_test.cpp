#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include "tests/redis/client_fixture.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ClientLifetimeTest : public ::testing::Test {
 protected:
  // Redis delays writes; everything else goes on.
  void pause_writes() { redis_.tell({"CLIENT", "PAUSE", "60000", "WRITE"}); }
  void resume_writes() { redis_.tell({"CLIENT", "UNPAUSE"}); }
  void await_in_flight(std::int64_t count) {
    wait_until("the commands' departure", [this, count] { return client_->statistics().in_flight == count; });
  }

  RedisProcess redis_;
  MiddleRandom random_;
  // A slow machine must not give up the commands that the tests delay.
  std::unique_ptr<Client> client_ =
      client_of(redis_.url(), random_, {.command_deadline = 60s, .connect_deadline = 60s});
};

TEST_F(ClientLifetimeTest, a_cancelled_command_does_not_shift_the_replies_after_it) {
  LoopThread loop;
  pause_writes();
  boost::asio::cancellation_signal signal;
  std::promise<Result<Reply>> cancelled;
  boost::asio::co_spawn(
      loop.context(), client_->command("", {"INCR", "key"}),
      boost::asio::bind_cancellation_slot(signal.slot(), [&cancelled](std::exception_ptr failure, Result<Reply> reply) {
        EXPECT_EQ(failure, nullptr);
        cancelled.set_value(std::move(reply));
      }));
  await_in_flight(1);
  auto next = loop.start(client_->command("", {"INCR", "key"}));
  await_in_flight(2);
  boost::asio::post(loop.context(), [&signal] { signal.emit(boost::asio::cancellation_type::terminal); });
  const Result<Reply> reply = cancelled.get_future().get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().errc(), Errc::kCancelled);
  EXPECT_EQ(client_->statistics().in_flight, 2);
  resume_writes();
  EXPECT_EQ(text_of(next.get()), "2");
}

TEST_F(ClientLifetimeTest, a_cancelled_wait_takes_nothing_more_out_of_redis) {
  LoopThread loop;
  boost::asio::cancellation_signal signal;
  std::promise<void> ended;
  boost::asio::co_spawn(loop.context(), client_->wait("hints", {"BZPOPMIN", "hints", "60"}, 60s, {}),
                        boost::asio::bind_cancellation_slot(
                            signal.slot(), [&ended](std::exception_ptr, const Result<Reply>&) { ended.set_value(); }));
  const auto blocked = [this](int count) {
    return redis_.ask({"INFO", "clients"}).contains("blocked_clients:" + std::to_string(count));
  };
  wait_until("the wait's arrival", [&blocked] { return blocked(1); });
  boost::asio::post(loop.context(), [&signal] { signal.emit(boost::asio::cancellation_type::terminal); });
  ended.get_future().get();
  wait_until("the wait's end in the server", [&blocked] { return blocked(0); });
  redis_.tell({"ZADD", "hints", "1", "business"});
  EXPECT_EQ(redis_.ask({"ZCARD", "hints"}), "1");
}

TEST_F(ClientLifetimeTest, a_loop_may_end_while_commands_and_waits_are_pending) {
  auto loop = std::make_unique<boost::asio::io_context>(1);
  const auto ignore = [](std::exception_ptr, const Result<Reply>&) {};
  EXPECT_EQ(text_of(run_task(client_->command("", {"PING"}))), "PONG");
  pause_writes();
  for (int i = 0; i < 3; ++i) boost::asio::co_spawn(*loop, client_->command("", {"INCR", "key"}), ignore);
  boost::asio::co_spawn(*loop, client_->wait("hints", {"BZPOPMIN", "hints", "60"}, 60s, {}), ignore);
  wait_until("the commands' departure", [&] {
    loop->poll();
    return client_->statistics().in_flight == 4;
  });
  loop.reset();
  EXPECT_EQ(client_->statistics().in_flight, 0);
  EXPECT_EQ(text_of(run_task(client_->command("", {"PING"}))), "PONG");
}

TEST_F(ClientLifetimeTest, a_loop_may_end_while_it_connects) {
  redis_.freeze();
  {
    boost::asio::io_context loop(1);
    boost::asio::co_spawn(loop, client_->command("", {"PING"}), [](std::exception_ptr, const Result<Reply>&) {});
    loop.poll();
  }
  redis_.thaw();
  EXPECT_EQ(text_of(run_task(client_->command("", {"PING"}))), "PONG");
}

TEST_F(ClientLifetimeTest, commands_beyond_the_bound_are_refused_and_the_others_answered) {
  boost::asio::io_context loop(1);
  EXPECT_EQ(text_of(run_task(client_->command("", {"PING"}))), "PONG");
  pause_writes();
  std::size_t answered = 0;
  std::optional<std::string> refused;
  const auto count = [&](std::exception_ptr, const Result<Reply>& reply) {
    if (reply) {
      ++answered;
    } else {
      refused = reply.error().detail;
    }
  };
  const auto send = [&] { boost::asio::co_spawn(loop, client_->command("", {"INCR", "key"}), count); };
  for (std::size_t i = 0; i < kPendingMax; ++i) send();
  wait_until("the commands' departure", [&] {
    loop.poll();
    return client_->statistics().in_flight == static_cast<std::int64_t>(kPendingMax);
  });
  send();
  while (!refused) loop.run_one();
  EXPECT_THAT(*refused, HasSubstr("Too many commands wait for Redis"));
  resume_writes();
  loop.run();
  EXPECT_EQ(answered, kPendingMax);
}

}  // namespace
}  // namespace tapedeck::redis

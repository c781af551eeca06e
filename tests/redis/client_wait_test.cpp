#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stop_token>

#include "tests/redis/client_fixture.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Longer than any test may take: a test is about what ends a wait sooner.
constexpr Milliseconds kLong{60'000};

class ClientWaitTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::future<Result<Reply>> start_wait(std::stop_token stop) {
    return loop_.start(client_->wait("hints", {"BZPOPMIN", "hints", "60"}, kLong, std::move(stop)));
  }
  void await_blocked(int count) {
    wait_until("the wait's arrival", [this, count] {
      return redis_.ask({"INFO", "clients"}).contains("blocked_clients:" + std::to_string(count));
    });
  }

  RedisProcess redis_;
  MiddleRandom random_;
  std::unique_ptr<Client> client_ = client_of(redis_.url(), random_);
  LoopThread loop_;
};

TEST_F(ClientWaitTest, a_result_ends_the_wait) {
  auto reply = start_wait({});
  await_blocked(1);
  redis_.tell({"ZADD", "hints", "7", "business"});
  EXPECT_EQ(text_of(reply.get()), "[hints business 7]");
}

TEST_F(ClientWaitTest, a_wait_without_a_result_is_null) {
  const auto reply = loop_.run(client_->wait("hints", {"BZPOPMIN", "hints", "0.01"}, 10ms, {}));
  EXPECT_EQ(text_of(reply), "nil");
}

TEST_F(ClientWaitTest, a_stop_ends_the_wait_and_the_connection_serves_the_next_one) {
  for (int i = 0; i < 3; ++i) {
    std::stop_source stop;
    auto reply = start_wait(stop.get_token());
    await_blocked(1);
    stop.request_stop();
    EXPECT_EQ(text_of(reply.get()), "nil");
  }
  EXPECT_EQ(client_->statistics().connects, 2U);
}

TEST_F(ClientWaitTest, a_stop_that_meets_a_result_drops_nothing) {
  for (int i = 0; i < 100; ++i) {
    std::stop_source stop;
    auto reply = start_wait(stop.get_token());
    std::thread stopper([&stop] { stop.request_stop(); });
    redis_.tell({"ZADD", "hints", "1", "business"});
    stopper.join();
    const std::string got = text_of(reply.get());
    // Either the wait got it, or it is still there.
    const std::string left = redis_.ask({"ZPOPMIN", "hints"});
    EXPECT_TRUE((got == "nil" && left == "business\n1") || (got == "[hints business 1]" && left.empty()))
        << got << left;
  }
}

TEST_F(ClientWaitTest, a_wait_does_not_hold_up_other_commands) {
  std::stop_source stop;
  auto reply = start_wait(stop.get_token());
  await_blocked(1);
  EXPECT_EQ(text_of(loop_.run(client_->command("", {"PING"}))), "PONG");
  stop.request_stop();
  EXPECT_EQ(text_of(reply.get()), "nil");
}

TEST_F(ClientWaitTest, each_wait_has_a_connection_of_its_own) {
  std::stop_source stop;
  std::vector<std::future<Result<Reply>>> replies;
  for (int i = 0; i < 3; ++i) replies.push_back(start_wait(stop.get_token()));
  await_blocked(3);
  redis_.tell({"ZADD", "hints", "1", "one", "2", "two", "3", "three"});
  std::vector<std::string> got;
  for (auto& reply : replies) got.push_back(text_of(reply.get()));
  EXPECT_THAT(got, ::testing::UnorderedElementsAre("[hints one 1]", "[hints two 2]", "[hints three 3]"));
}

TEST_F(ClientWaitTest, a_lost_connection_ends_the_wait) {
  auto reply = start_wait({});
  await_blocked(1);
  redis_.kill();
  const Result<Reply> result = reply.get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().errc(), Errc::kUnavailable);
}

TEST_F(ClientWaitTest, a_wait_pauses_before_it_fails_while_redis_is_away) {
  redis_.kill();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(loop_.run(client_->wait("hints", {"BZPOPMIN", "hints", "1"}, 1s, {})));
  // The pauses are at least half of 25, 50, 100 and 200 ms.
  EXPECT_GE(std::chrono::steady_clock::now() - began, 187ms);
}

}  // namespace
}  // namespace tapedeck::redis

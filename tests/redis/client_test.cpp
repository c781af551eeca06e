#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "tests/redis/client_fixture.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class ClientTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string ask(std::vector<std::string> words) {
    return text_of(loop_.run(client_->command("", std::move(words))));
  }
  void open(const ClientOptions& options = patient_options()) { client_ = client_of(redis_.url(), random_, options); }

  RedisProcess redis_;
  MiddleRandom random_;
  std::unique_ptr<Client> client_ = client_of(redis_.url(), random_);
  LoopThread loop_;
};

TEST_F(ClientTest, replies_keep_their_types) {
  EXPECT_EQ(ask({"SET", "key", std::string("a\0b\r\n", 5)}), "OK");
  EXPECT_EQ(ask({"GET", "key"}), std::string("a\0b\r\n", 5));
  EXPECT_EQ(ask({"GET", "nothing"}), "nil");
  EXPECT_EQ(ask({"INCR", "number"}), "1");
  EXPECT_EQ(ask({"EVAL", "return {1, {'two', false}, {}}", "0"}), "[1 [two nil] []]");
  EXPECT_THAT(ask({"INCR", "key"}), StartsWith("-ERR value is not an integer"));
}

TEST_F(ClientTest, a_unix_socket_serves_as_well) {
  client_ = client_of("unix://" + redis_.socket_path() + "?database=3", random_);
  EXPECT_EQ(ask({"SET", "key", "value"}), "OK");
  EXPECT_EQ(redis_.ask({"DBSIZE"}), "0");
  EXPECT_THAT(redis_.ask({"INFO", "keyspace"}), HasSubstr("db3:keys=1"));
}

TEST_F(ClientTest, commands_of_one_loop_share_a_connection_and_are_answered_in_order) {
  constexpr int kCommands = 500;
  EXPECT_EQ(ask({"PING"}), "PONG");
  std::vector<std::future<Result<Reply>>> replies;
  for (int i = 0; i < kCommands; ++i)
    replies.push_back(loop_.start(client_->command("", {"RPUSH", "list", std::to_string(i)})));
  for (int i = 0; i < kCommands; ++i)
    EXPECT_EQ(text_of(replies[static_cast<std::size_t>(i)].get()), std::to_string(i + 1));
  EXPECT_EQ(redis_.ask({"LINDEX", "list", "-1"}), std::to_string(kCommands - 1));
  EXPECT_EQ(client_->statistics().connects, 1U);
}

TEST_F(ClientTest, each_loop_has_a_connection_of_its_own) {
  LoopThread other;
  EXPECT_EQ(ask({"PING"}), "PONG");
  EXPECT_EQ(text_of(other.run(client_->command("", {"PING"}))), "PONG");
  EXPECT_EQ(client_->statistics().connects, 2U);
}

TEST_F(ClientTest, a_loop_ends_though_the_connection_is_open) {
  EXPECT_EQ(text_of(run_task(client_->command("", {"PING"}))), "PONG");
  EXPECT_EQ(text_of(run_task(client_->command("", {"PING"}))), "PONG");
}

TEST_F(ClientTest, the_connection_ends_with_the_client_on_a_loop_that_goes_on) {
  EXPECT_EQ(ask({"PING"}), "PONG");
  EXPECT_THAT(redis_.ask({"CLIENT", "LIST"}), HasSubstr("name=client-test"));
  client_.reset();
  wait_until("the end of the connection",
             [this] { return !redis_.ask({"CLIENT", "LIST"}).contains("name=client-test"); });
}

TEST_F(ClientTest, a_lost_connection_fails_all_that_wait_once_and_the_next_command_reconnects) {
  open({.command_deadline = 60s});
  EXPECT_EQ(ask({"PING"}), "PONG");
  redis_.tell({"CLIENT", "PAUSE", "60000", "WRITE"});
  std::vector<std::future<Result<Reply>>> replies;
  for (int i = 0; i < 20; ++i) replies.push_back(loop_.start(client_->command("", {"SET", "key", "value"})));
  wait_until("the commands' arrival", [this] { return client_->statistics().in_flight == 20; });
  redis_.tell({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  for (auto& reply : replies) {
    const Result<Reply> result = reply.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().errc(), Errc::kUnavailable);
  }
  EXPECT_EQ(client_->statistics().in_flight, 0);
  EXPECT_EQ(ask({"PING"}), "PONG");
  EXPECT_EQ(client_->statistics().reconnects, 1U);
}

TEST_F(ClientTest, a_connection_that_closes_while_idle_costs_no_command) {
  EXPECT_EQ(ask({"PING"}), "PONG");
  redis_.restart();
  EXPECT_EQ(ask({"PING"}), "PONG");
}

TEST_F(ClientTest, a_command_past_its_deadline_does_not_shift_the_replies_after_it) {
  open({.command_deadline = 100ms, .silence_max = 60'000ms});
  EXPECT_EQ(ask({"SET", "key", "late"}), "OK");
  redis_.tell({"CLIENT", "PAUSE", "60000", "WRITE"});
  EXPECT_THAT(ask({"GETDEL", "key"}), HasSubstr("did not answer in time"));
  EXPECT_EQ(client_->statistics().in_flight, 1);
  redis_.tell({"CLIENT", "UNPAUSE"});
  EXPECT_EQ(ask({"ECHO", "mine"}), "mine");
  EXPECT_EQ(ask({"GET", "key"}), "nil");
  EXPECT_EQ(client_->statistics().connects, 1U);
  EXPECT_EQ(client_->statistics().timeouts, 1U);
}

TEST_F(ClientTest, a_server_that_has_stopped_answering_is_given_up_and_serves_again_when_it_answers) {
  open({.command_deadline = 100ms, .connect_deadline = 100ms, .silence_max = 100ms});
  EXPECT_EQ(ask({"PING"}), "PONG");
  redis_.freeze();
  EXPECT_THAT(ask({"PING"}), HasSubstr("did not answer in time"));
  wait_until("the end of the silent connection", [this] { return client_->statistics().in_flight == 0; });
  EXPECT_THAT(ask({"PING"}), HasSubstr("no answer within 100 ms"));
  redis_.thaw();
  const auto answers = std::chrono::steady_clock::now();
  wait_until("an answer", [this] { return ask({"PING"}) == "PONG"; });
  EXPECT_LT(std::chrono::steady_clock::now() - answers, 2s);
}

TEST_F(ClientTest, commands_fail_at_once_while_redis_is_away_and_are_answered_soon_after_its_return) {
  EXPECT_EQ(ask({"PING"}), "PONG");
  redis_.kill();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) EXPECT_THAT(ask({"PING"}), HasSubstr("Connection refused"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  redis_.start();
  const auto back = std::chrono::steady_clock::now();
  wait_until("an answer", [this] { return ask({"PING"}) == "PONG"; });
  EXPECT_LT(std::chrono::steady_clock::now() - back, 2s);
}

TEST_F(ClientTest, commands_are_refused_soon_after_a_failed_attempt_though_the_next_attempts_hang) {
  constexpr Milliseconds kConnectDeadline{2'000};
  open({.command_deadline = 60s, .connect_deadline = kConnectDeadline});
  redis_.freeze();  // the kernel still accepts connections, and Redis answers none
  EXPECT_THAT(ask({"PING"}), HasSubstr("no answer within 2000 ms"));
  std::chrono::nanoseconds longest{0};
  // No task waits for the end of these attempts, and yet the client counts them, and makes others.
  wait_until("two more failed tries", [&] {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_THAT(ask({"PING"}), HasSubstr("no answer within 2000 ms"));
    longest = std::max<std::chrono::nanoseconds>(longest, std::chrono::steady_clock::now() - began);
    return client_->statistics().connect_failures >= 3;
  });
  EXPECT_LT(longest, kConnectDeadline / 2);
  redis_.thaw();
  const auto back = std::chrono::steady_clock::now();
  wait_until("an answer", [this] { return ask({"PING"}) == "PONG"; });
  EXPECT_LT(std::chrono::steady_clock::now() - back, 2s);
}

TEST_F(ClientTest, a_failure_says_when_to_try_again) {
  redis_.kill();
  const auto failed = loop_.run(client_->command("", {"PING"}));
  ASSERT_FALSE(failed);
  ASSERT_TRUE(failed.error().retry_after);
  EXPECT_LE(*failed.error().retry_after, kBackoffMax);
}

TEST_F(ClientTest, a_script_that_redis_has_forgotten_is_sent_again_as_text) {
  const Script script = script_of("return {ARGV[1], KEYS[1], ARGV[2]}", redis_);
  const std::string run_id = redis_.ask({"EVAL", "return redis.call('INFO', 'server'):match('run_id:(%x+)')", "0"});
  const std::string expected = "[" + run_id + " key argument]";
  EXPECT_EQ(text_of(loop_.run(client_->evaluate(script, {"key"}, {"argument"}))), expected);
  EXPECT_EQ(client_->statistics().script_loads, 0U);
  redis_.tell({"SCRIPT", "FLUSH"});
  EXPECT_EQ(text_of(loop_.run(client_->evaluate(script, {"key"}, {"argument"}))), expected);
  EXPECT_EQ(text_of(loop_.run(client_->evaluate(script, {"key"}, {"argument"}))), expected);
  EXPECT_EQ(client_->statistics().script_loads, 1U);
}

TEST_F(ClientTest, a_script_gets_the_run_id_of_the_server_that_runs_it) {
  const Script script = script_of("return ARGV[1]", redis_);
  const std::string before = text_of(loop_.run(client_->evaluate(script, {}, {})));
  redis_.restart();
  const std::string after = text_of(loop_.run(client_->evaluate(script, {}, {})));
  EXPECT_EQ(before.size(), 40U);
  EXPECT_EQ(after.size(), 40U);
  EXPECT_NE(before, after);
}

TEST_F(ClientTest, an_error_within_a_script_reaches_the_caller) {
  const Script script = script_of("return redis.call('INCR', KEYS[1])", redis_);
  redis_.tell({"SET", "key", "text"});
  EXPECT_THAT(text_of(loop_.run(client_->evaluate(script, {"key"}, {}))), StartsWith("-ERR value is not an integer"));
}

TEST_F(ClientTest, a_reply_beyond_the_limit_ends_only_its_connection) {
  EXPECT_THAT(ask({"EVAL", "return string.rep('x', 17 * 1024 * 1024)", "0"}), HasSubstr("larger than 16 MiB"));
  EXPECT_EQ(ask({"PING"}), "PONG");
}

TEST_F(ClientTest, a_replica_is_refused_with_advice) {
  const RedisProcess master;
  redis_.tell({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
  const auto refused = loop_.run(client_->command("", {"SET", "key", "value"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errc(), Errc::kUnavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr("must lead to the master"));
}

TEST(ClientLogin, a_wrong_password_is_refused_without_repeating_it) {
  const RedisProcess redis({"--requirepass", "right-horse"});
  MiddleRandom random;
  const std::string place = "@127.0.0.1:" + std::to_string(redis.port());
  const auto ask = [&random](const std::string& url) {
    const auto client = client_of(url, random);
    return text_of(run_task(client->command("", {"PING"})));
  };
  EXPECT_EQ(ask("redis://:right-horse" + place), "PONG");
  EXPECT_EQ(ask("redis://default:right%2Dhorse" + place), "PONG");
  EXPECT_THAT(ask(redis.url()), HasSubstr("asks for a password"));
  const std::string refused = ask("redis://:battery-staple" + place);
  EXPECT_THAT(refused, HasSubstr("refused the user or the password"));
  EXPECT_THAT(refused, Not(HasSubstr("battery")));
}

TEST(ClientLogin, a_password_that_the_server_does_not_want_is_refused_with_advice) {
  const RedisProcess redis;
  MiddleRandom random;
  const auto client = client_of("redis://:needless@127.0.0.1:" + std::to_string(redis.port()), random);
  EXPECT_THAT(text_of(run_task(client->command("", {"PING"}))), HasSubstr("has no password set"));
}

TEST(ClientLogin, a_database_that_does_not_exist_is_refused_with_advice) {
  const RedisProcess redis;
  MiddleRandom random;
  const auto client = client_of(redis.url() + "/99", random);
  EXPECT_THAT(text_of(run_task(client->command("", {"PING"}))), HasSubstr("no database of this number"));
}

TEST(ClientLogin, a_user_without_the_rights_is_refused_with_advice) {
  const RedisProcess redis;
  redis.tell({"ACL", "SETUSER", "small", "on", ">secret", "~*", "+ping"});
  MiddleRandom random;
  const auto client = client_of("redis://small:secret@127.0.0.1:" + std::to_string(redis.port()), random);
  EXPECT_THAT(text_of(run_task(client->command("", {"PING"}))), HasSubstr("does not let this user run"));
}

}  // namespace
}  // namespace tapedeck::redis

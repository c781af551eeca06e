#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/redis_groups.hpp"
#include "tests/redis/client_fixture.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SentinelClientTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string ask(std::vector<std::string> words) {
    return text_of(loop_.run(client_->command("", std::move(words))));
  }
  // Replicates it, so that no failover loses it.
  void set_everywhere(const std::string& key, const std::string& value) {
    EXPECT_EQ(ask({"SET", key, value}), "OK");
    wait_until("replication", [&] { return redis_.server(1).ask({"GET", key}) == value; });
  }

  RedisSentinels redis_;
  MiddleRandom random_;
  std::unique_ptr<Client> client_ = client_of(redis_.url(), random_);
  LoopThread loop_;
};

TEST_F(SentinelClientTest, commands_go_to_the_master_also_when_one_sentinel_is_away) {
  redis_.sentinel(0).kill();
  EXPECT_EQ(ask({"SET", "key", "value"}), "OK");
  EXPECT_EQ(redis_.server(0).ask({"GET", "key"}), "value");
  const auto masters = loop_.run(client_->each_master({"PING"}));
  ASSERT_TRUE(masters);
  ASSERT_EQ(masters->size(), 1U);
  EXPECT_EQ(masters->front().node, "127.0.0.1:" + std::to_string(redis_.server(0).port()));
}

TEST_F(SentinelClientTest, a_known_master_serves_on_without_any_sentinel) {
  EXPECT_EQ(ask({"SET", "key", "value"}), "OK");
  for (std::size_t i = 0; i < 3; ++i) redis_.sentinel(i).kill();
  EXPECT_EQ(ask({"GET", "key"}), "value");
}

TEST_F(SentinelClientTest, the_successor_serves_when_the_master_dies) {
  const Script script = script_of("redis.call('SET', KEYS[1], ARGV[1]) return ARGV[1]", redis_.server(0));
  const std::string before = text_of(loop_.run(client_->evaluate(script, {"key"}, {})));
  redis_.server(0).kill();
  EXPECT_THAT(ask({"PING"}), StartsWith("error: "));
  redis_.await_master(redis_.server(1));
  std::string after;
  wait_until("the successor's answer", [&] {
    const auto reply = loop_.run(client_->evaluate(script, {"key"}, {}));
    after = text_of(reply);
    return reply.has_value();
  });
  // The script, which the successor did not know, got the successor's own run_id.
  EXPECT_NE(before, after);
  EXPECT_EQ(redis_.server(1).ask({"GET", "key"}), after);
}

TEST_F(SentinelClientTest, a_master_that_becomes_a_replica_is_left_for_its_successor) {
  set_everywhere("key", "1");
  redis_.sentinel(0).tell({"SENTINEL", "FAILOVER", RedisSentinels::kMasterName});
  redis_.await_master(redis_.server(1));
  wait_until("the old master's turning", [this] { return RedisSentinels::has_role(redis_.server(0), "slave"); });
  wait_until("the successor's answer", [this] { return ask({"SET", "key", "2"}) == "OK"; });
  EXPECT_EQ(redis_.server(1).ask({"GET", "key"}), "2");
}

TEST_F(SentinelClientTest, a_refused_write_is_sent_to_the_successor_at_once) {
  set_everywhere("key", "1");
  // The roles change while the connection stays; Sentinel itself would have cut it.
  for (std::size_t i = 0; i < 3; ++i) {
    redis_.sentinel(i).tell({"SENTINEL", "REMOVE", RedisSentinels::kMasterName});
    redis_.sentinel(i).tell({"SENTINEL", "MONITOR", RedisSentinels::kMasterName, "127.0.0.1",
                             std::to_string(redis_.server(1).port()), "3"});
  }
  redis_.server(1).tell({"REPLICAOF", "NO", "ONE"});
  redis_.server(0).tell({"REPLICAOF", "127.0.0.1", std::to_string(redis_.server(1).port())});
  EXPECT_EQ(ask({"INCR", "key"}), "2");
  EXPECT_EQ(client_->statistics().redirects, 1U);
}

TEST_F(SentinelClientTest, an_unknown_master_name_is_refused_with_advice) {
  std::string url = redis_.url();
  client_ = client_of(url.replace(url.rfind('/'), std::string::npos, "/nobody"), random_);
  EXPECT_THAT(ask({"PING"}), HasSubstr("watch no master called \"nobody\""));
}

TEST_F(SentinelClientTest, a_plain_url_to_a_sentinel_is_refused_with_advice) {
  client_ = client_of(redis_.sentinel(0).url(), random_);
  EXPECT_THAT(ask({"PING"}), HasSubstr("leads to a Sentinel: write redis+sentinel://"));
}

TEST_F(SentinelClientTest, a_sentinel_url_to_a_redis_is_refused_with_advice) {
  client_ = client_of("redis+sentinel://127.0.0.1:" + std::to_string(redis_.server(0).port()) + "/calls", random_);
  EXPECT_THAT(ask({"PING"}), HasSubstr("it is a Redis"));
}

}  // namespace
}  // namespace tapedeck::redis

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stop_token>

#include "redis/cluster_slots.hpp"
#include "tests/fakes/redis_groups.hpp"
#include "tests/redis/client_fixture.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class ClusterClientTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string ask(const std::string& key, std::vector<std::string> words) {
    return text_of(loop_.run(client_->command(key, std::move(words))));
  }
  // A key, in braces, whose hash slot this master serves at the beginning.
  [[nodiscard]] static std::string key_of(std::size_t master) {
    for (int i = 0;; ++i) {
      std::string key = "{" + std::to_string(i) + "}";
      const int slot = hash_slot(key);
      if (slot >= RedisCluster::first_slot(master) && slot <= RedisCluster::last_slot(master)) return key;
    }
  }
  void set_slot(std::size_t server, int slot, std::vector<std::string> rest) {
    std::vector<std::string> words{"CLUSTER", "SETSLOT", std::to_string(slot)};
    words.insert(words.end(), rest.begin(), rest.end());
    redis_.server(server).tell(words);
  }

  RedisCluster redis_;
  MiddleRandom random_;
  std::unique_ptr<Client> client_ = client_of(redis_.url(), random_);
  LoopThread loop_;
};

TEST_F(ClusterClientTest, each_key_goes_to_its_master_and_each_script_gets_its_run_id) {
  const Script script = script_of("redis.call('SET', KEYS[1], 'v') return ARGV[1]", redis_.server(0));
  std::set<std::string> run_ids;
  for (std::size_t master = 0; master < RedisCluster::kMasters; ++master) {
    run_ids.insert(text_of(loop_.run(client_->evaluate(script, {key_of(master)}, {}))));
    EXPECT_EQ(redis_.server(master).ask({"DBSIZE"}), "1");
  }
  EXPECT_EQ(run_ids.size(), RedisCluster::kMasters);
  EXPECT_EQ(client_->statistics().redirects, 0U);
  const auto masters = loop_.run(client_->each_master({"DBSIZE"}));
  ASSERT_TRUE(masters);
  EXPECT_EQ(masters->size(), RedisCluster::kMasters);
  for (const NodeReply& each : *masters) EXPECT_EQ(text_of(each.reply), "1") << each.node;
}

TEST_F(ClusterClientTest, a_moved_slot_is_followed_once) {
  const std::string key = key_of(0);
  EXPECT_EQ(ask(key, {"GET", key}), "nil");
  const std::string target = redis_.node_id(1);
  // The new owner learns it first: otherwise the old one could not name it.
  for (const std::size_t server : {1U, 0U, 2U}) set_slot(server, hash_slot(key), {"NODE", target});
  EXPECT_EQ(ask(key, {"SET", key, "value"}), "OK");
  EXPECT_EQ(redis_.server(1).ask({"GET", key}), "value");
  EXPECT_EQ(ask(key, {"GET", key}), "value");
  EXPECT_EQ(client_->statistics().redirects, 1U);
}

TEST_F(ClusterClientTest, a_command_finds_a_key_that_is_moving) {
  const std::string key = key_of(0);
  const int slot = hash_slot(key);
  set_slot(1, slot, {"IMPORTING", redis_.node_id(0)});
  set_slot(0, slot, {"MIGRATING", redis_.node_id(1)});
  EXPECT_EQ(ask(key, {"SET", key, "value"}), "OK");
  EXPECT_EQ(redis_.server(1).ask({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(slot)}), "1");
  EXPECT_EQ(ask(key, {"GET", key}), "value");
  EXPECT_EQ(client_->statistics().redirects, 2U);
  // A script that the node does not know meets both errors at once.
  const Script script = script_of("return redis.call('GET', KEYS[1])", redis_.server(0));
  EXPECT_EQ(text_of(loop_.run(client_->evaluate(script, {key}, {}))), "value");
}

TEST_F(ClusterClientTest, a_command_on_keys_that_are_apart_is_sent_again_until_they_are_together) {
  const std::string key = key_of(0);
  const int slot = hash_slot(key);
  EXPECT_EQ(ask(key, {"SET", key, "here"}), "OK");
  set_slot(1, slot, {"IMPORTING", redis_.node_id(0)});
  set_slot(0, slot, {"MIGRATING", redis_.node_id(1)});
  const std::uint64_t before = client_->statistics().round_trips;
  auto reply = loop_.start(client_->command(key, {"MGET", key, key + "other"}));
  wait_until("a second try", [&] { return client_->statistics().round_trips >= before + 2; });
  set_slot(0, slot, {"STABLE"});
  EXPECT_EQ(text_of(reply.get()), "[here nil]");
}

TEST_F(ClusterClientTest, the_replica_of_a_dead_master_serves_its_slots_and_the_others_serve_on) {
  const std::string key = key_of(0);
  const std::string elsewhere = key_of(1);
  EXPECT_EQ(ask(key, {"SET", key, "1"}), "OK");
  wait_until("replication", [this] { return redis_.server(3).ask({"DBSIZE"}) == "1"; });
  EXPECT_EQ(ask(elsewhere, {"SET", elsewhere, "1"}), "OK");
  redis_.server(0).kill();
  EXPECT_EQ(ask(elsewhere, {"INCR", elsewhere}), "2");
  wait_until("the failover", [&] { return ask(key, {"INCR", key}) == "2"; });
  EXPECT_EQ(redis_.server(3).ask({"GET", key}), "2");
}

TEST_F(ClusterClientTest, commands_for_a_master_that_is_away_are_refused_at_once_until_the_failover) {
  client_ = client_of(redis_.url(), random_, {.command_deadline = 60s});
  const std::string key = key_of(0);
  EXPECT_EQ(ask(key, {"SET", key, "1"}), "OK");
  redis_.server(0).kill();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(ask(key, {"GET", key}), StartsWith("error: "));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  wait_until("the failover", [&] { return ask(key, {"SET", key, "2"}) == "OK"; });
}

TEST_F(ClusterClientTest, a_slot_without_a_master_is_named) {
  client_ = client_of(redis_.url(), random_, {.command_deadline = 300ms});
  const std::string key = key_of(0);
  EXPECT_EQ(ask(key, {"SET", key, "1"}), "OK");
  redis_.server(0).tell({"CLUSTER", "DELSLOTS", std::to_string(hash_slot(key))});
  EXPECT_THAT(ask(key, {"GET", key}), HasSubstr("CLUSTER INFO"));
  redis_.server(0).tell({"CLUSTER", "ADDSLOTS", std::to_string(hash_slot(key))});
  wait_until("the slot's return", [&] { return ask(key, {"GET", key}) == "1"; });
}

TEST_F(ClusterClientTest, a_wait_goes_to_the_keys_master_and_can_be_stopped) {
  const std::string key = key_of(2) + "hints";
  auto reply = loop_.start(client_->wait(key, {"BZPOPMIN", key, "60"}, 60s, {}));
  const auto blocked = [this] { return redis_.server(2).ask({"INFO", "clients"}).contains("blocked_clients:1"); };
  wait_until("the wait's arrival", blocked);
  redis_.server(2).tell({"ZADD", key, "1", "business"});
  EXPECT_EQ(text_of(reply.get()), "[" + key + " business 1]");
  std::stop_source stop;
  reply = loop_.start(client_->wait(key, {"BZPOPMIN", key, "60"}, 60s, stop.get_token()));
  wait_until("the second wait's arrival", blocked);
  stop.request_stop();
  EXPECT_EQ(text_of(reply.get()), "nil");
}

TEST_F(ClusterClientTest, a_plain_url_to_a_cluster_is_refused_with_advice) {
  client_ = client_of(redis_.server(0).url(), random_);
  EXPECT_THAT(ask("", {"PING"}), HasSubstr("write redis+cluster://"));
}

TEST(ClusterUrl, a_cluster_url_to_a_plain_redis_is_refused_with_advice) {
  const RedisProcess redis;
  MiddleRandom random;
  const auto client = client_of("redis+cluster://127.0.0.1:" + std::to_string(redis.port()), random);
  EXPECT_THAT(text_of(run_task(client->command("key", {"GET", "key"}))), HasSubstr("is no Cluster: write redis://"));
}

}  // namespace
}  // namespace tapedeck::redis

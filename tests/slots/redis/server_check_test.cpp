#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "slots/redis/server_check.hpp"
#include "tests/redis/client_fixture.hpp"

namespace tapedeck::redis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> check(const RedisProcess& redis) {
  MiddleRandom random;
  const auto client = client_of(redis.url(), random);
  auto flaws = run_task(check_servers(*client));
  if (!flaws) return {"failed: " + flaws.error().detail};
  std::vector<std::string> lines;
  for (const ServerFlaw& flaw : *flaws) {
    EXPECT_EQ(flaw.node, "127.0.0.1:" + std::to_string(redis.port()));
    lines.push_back((flaw.level == ServerFlaw::Level::kError ? "error: " : "warning: ") + flaw.sentence);
  }
  return lines;
}

TEST(ServerCheck, a_server_as_it_should_be_has_no_flaw) {
  const RedisProcess redis({"--appendonly", "yes"});
  EXPECT_THAT(check(redis), IsEmpty());
}

TEST(ServerCheck, eviction_is_an_error) {
  const RedisProcess redis({"--appendonly", "yes", "--maxmemory-policy", "allkeys-lru"});
  EXPECT_THAT(check(redis), ElementsAre(HasSubstr("error: maxmemory-policy is allkeys-lru")));
}

TEST(ServerCheck, no_append_only_file_is_a_warning) {
  const RedisProcess redis;
  EXPECT_THAT(check(redis), ElementsAre(HasSubstr("warning: appendonly is off")));
}

TEST(ServerCheck, an_append_only_file_that_is_never_synced_is_a_warning) {
  const RedisProcess redis({"--appendonly", "yes", "--appendfsync", "no"});
  EXPECT_THAT(check(redis), ElementsAre(HasSubstr("warning: appendfsync is no")));
}

TEST(ServerCheck, a_replica_is_an_error_and_its_master_lacks_min_replicas) {
  const RedisProcess master({"--appendonly", "yes"});
  const RedisProcess replica({"--appendonly", "yes", "--replicaof", "127.0.0.1 " + std::to_string(master.port())});
  wait_until("replication", [&master] { return master.ask({"INFO", "replication"}).contains("state=online"); });
  EXPECT_THAT(check(replica), ElementsAre(HasSubstr("error: This Redis is a replica")));
  EXPECT_THAT(check(master), ElementsAre(HasSubstr("warning: min-replicas-to-write is 0")));
  master.tell({"CONFIG", "SET", "min-replicas-to-write", "1"});
  EXPECT_THAT(check(master), IsEmpty());
}

TEST(ServerCheck, a_server_that_forbids_config_is_judged_by_its_info) {
  const RedisProcess redis({"--appendonly", "yes", "--appendfsync", "no"});
  redis.tell({"ACL", "SETUSER", "default", "-config"});
  EXPECT_THAT(check(redis), IsEmpty());
}

TEST(ServerCheck, a_server_that_is_away_is_a_failure) {
  RedisProcess redis;
  redis.kill();
  EXPECT_THAT(check(redis), ElementsAre(HasSubstr("failed: Redis at")));
}

TEST(ServerCheck, an_old_version_is_an_error) {
  const auto judge = [](const std::string& version) {
    const std::string info = "redis_version:" + version +
                             "\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n"
                             "aof_last_write_status:ok\r\nconnected_slaves:0\r\n";
    return judge_server("here", info, "everysec");
  };
  for (const char* version : {"5.0.14", "6.0.16", "", "unstable"}) {
    const auto flaws = judge(version);
    ASSERT_EQ(flaws.size(), 1U) << version;
    EXPECT_EQ(flaws[0].level, ServerFlaw::Level::kError);
    EXPECT_THAT(flaws[0].sentence, HasSubstr("needs 6.2"));
  }
  for (const char* version : {"6.2.0", "7.0.15", "10.1.0"}) EXPECT_THAT(judge(version), IsEmpty()) << version;
}

TEST(ServerCheck, an_append_only_file_that_cannot_be_written_is_an_error) {
  const std::string info =
      "redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n"
      "aof_last_write_status:err\r\nconnected_slaves:0\r\n";
  const auto flaws = judge_server("here", info, "");
  ASSERT_EQ(flaws.size(), 1U);
  EXPECT_THAT(flaws[0].sentence, HasSubstr("append-only file"));
}

}  // namespace
}  // namespace tapedeck::redis

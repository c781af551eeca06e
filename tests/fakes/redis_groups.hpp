#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/redis_process.hpp"

namespace tapedeck {

/// A master with one replica, watched by three Sentinels that elect by two, in a hurry; the first one alone begins
/// failovers soon.
class RedisSentinels {
 public:
  static constexpr const char* kMasterName = "calls";

  /// Returns when the Sentinels know each other and the replica.
  explicit RedisSentinels(const std::vector<std::string>& server_settings = {});

  /// "redis+sentinel://…", all three.
  [[nodiscard]] std::string url() const;
  /// Whom the first running Sentinel names.
  [[nodiscard]] RedisProcess& master();
  [[nodiscard]] RedisProcess& server(std::size_t index) { return *servers_.at(index); }
  [[nodiscard]] RedisProcess& sentinel(std::size_t index) { return *sentinels_.at(index); }
  /// Waits until the Sentinels name this one as master, and it says so itself.
  void await_master(const RedisProcess& server);
  /// `role`: "master" or "slave". False also when it cannot be asked: a Sentinel that changes a role cuts connections.
  [[nodiscard]] static bool has_role(const RedisProcess& server, const std::string& role);
  /// The one that `server` is not.
  [[nodiscard]] RedisProcess& other(const RedisProcess& server);

 private:
  [[nodiscard]] std::string named_port() const;

  std::vector<std::unique_ptr<RedisProcess>> servers_;
  std::vector<std::unique_ptr<RedisProcess>> sentinels_;
};

/// A Cluster of three masters with a replica each; servers 0 to 2 begin as the masters of a third of the hash slots
/// each, and server 3 + n as the replica of server n.
class RedisCluster {
 public:
  static constexpr std::size_t kMasters = 3;
  static constexpr int kSlots = 16384;

  /// Returns when every node calls the Cluster whole and the replicas have their masters' data.
  RedisCluster();

  /// "redis+cluster://…", the masters.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] RedisProcess& server(std::size_t index) { return *servers_.at(index); }
  [[nodiscard]] static constexpr std::size_t size() { return 2 * kMasters; }
  [[nodiscard]] std::string node_id(std::size_t index) const { return servers_.at(index)->ask({"CLUSTER", "MYID"}); }
  /// First and last hash slot of a master at the beginning.
  [[nodiscard]] static int first_slot(std::size_t master);
  [[nodiscard]] static int last_slot(std::size_t master) { return first_slot(master + 1) - 1; }

 private:
  std::vector<std::unique_ptr<RedisProcess>> servers_;
};

}  // namespace tapedeck

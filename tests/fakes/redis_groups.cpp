#include "tests/fakes/redis_groups.hpp"

#include <algorithm>
#include <stdexcept>

namespace tapedeck {
namespace {

constexpr std::size_t kSentinels = 3;
// How long a node may be silent before it counts as gone: short, so that a failover takes a second or two, but not so
// short that a loaded machine has failovers of its own.
constexpr const char* kDownAfterMs = "1000";
constexpr const char* kFailoverTimeoutMs = "3000";
// The first Sentinel begins a failover by itself, and needs the others' votes; they begin one themselves only much
// later. Three that begin at once split the votes on a slow machine, and begin again after twice the timeout.
constexpr const char* kDownLaterMs = "10000";
// By itself, a Sentinel whose clock has jumped by 2 s does nothing for 30 s; a machine without time looks the same.
constexpr const char* kTiltTriggerMs = "30000";

// How often Sentinels look around and talk; by themselves they take seconds. While a master is away, they ask its
// replica once a second, and promote it only if they have heard of it within three of the first period and five of the
// second. Four of the third is how long a promoted replica has before a Sentinel that has not heard turns it back.
constexpr const char* kSentinelInfoMs = "1000";
constexpr const char* kSentinelPingMs = "500";
constexpr const char* kSentinelTalkMs = "500";

std::string local(const RedisProcess& process) { return "127.0.0.1:" + std::to_string(process.port()); }

// A field of an answer that alternates names and values, a line each.
std::string field(const std::string& lines, const std::string& name) {
  const std::size_t at = ("\n" + lines).find("\n" + name + "\n");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 1;
  return lines.substr(begin, lines.find('\n', begin) - begin);
}

}  // namespace

RedisSentinels::RedisSentinels(const std::vector<std::string>& server_settings) {
  std::vector<std::string> settings = server_settings;
  servers_.push_back(std::make_unique<RedisProcess>(settings));
  const std::string port = std::to_string(servers_.front()->port());
  settings.insert(settings.end(), {"--replicaof", "127.0.0.1 " + port});
  servers_.push_back(std::make_unique<RedisProcess>(settings));
  wait_until("replication", [this] { return server(0).ask({"INFO", "replication"}).contains("state=online"); });
  const std::string name = kMasterName;
  for (std::size_t i = 0; i < kSentinels; ++i) {
    const std::string config = "sentinel monitor " + name + " 127.0.0.1 " + port + (i == 0 ? " 1\n" : " 2\n") +
                               "sentinel down-after-milliseconds " + name + " " +
                               (i == 0 ? kDownAfterMs : kDownLaterMs) + "\n" +  //
                               "sentinel failover-timeout " + name + " " + kFailoverTimeoutMs + "\n";
    sentinels_.push_back(
        std::make_unique<RedisProcess>(RedisProcess::Kind::kSentinel, std::vector<std::string>(), config));
    sentinels_.back()->tell({"SENTINEL", "DEBUG", "INFO-PERIOD", kSentinelInfoMs, "PING-PERIOD", kSentinelPingMs,
                             "PUBLISH-PERIOD", kSentinelTalkMs, "TILT-TRIGGER", kTiltTriggerMs});
  }
  wait_until("the Sentinels' acquaintance", [this] {
    return std::ranges::all_of(sentinels_, [](const auto& sentinel) {
      const std::string state = sentinel->ask({"SENTINEL", "MASTER", kMasterName});
      return field(state, "num-slaves") == "1" && field(state, "num-other-sentinels") == "2" &&
             field(state, "flags") == "master";
    });
  });
}

std::string RedisSentinels::url() const {
  std::string hosts;
  for (const auto& sentinel : sentinels_) hosts += (hosts.empty() ? "" : ",") + local(*sentinel);
  return "redis+sentinel://" + hosts + "/" + kMasterName;
}

std::string RedisSentinels::named_port() const {
  const auto running = std::ranges::find_if(sentinels_, [](const auto& sentinel) { return sentinel->running(); });
  const std::string answer = (*running)->ask({"SENTINEL", "get-master-addr-by-name", kMasterName});
  return answer.substr(answer.find('\n') + 1);
}

RedisProcess& RedisSentinels::master() {
  const std::string port = named_port();
  return std::to_string(server(0).port()) == port ? server(0) : server(1);
}

RedisProcess& RedisSentinels::other(const RedisProcess& one) { return &one == &server(0) ? server(1) : server(0); }

void RedisSentinels::await_master(const RedisProcess& one) {
  wait_until("the failover",
             [this, &one] { return named_port() == std::to_string(one.port()) && has_role(one, "master"); });
}

bool RedisSentinels::has_role(const RedisProcess& one, const std::string& role) {
  try {
    return one.ask({"ROLE"}).starts_with(role);
  } catch (const std::exception&) {
    return false;
  }
}

RedisCluster::RedisCluster() {
  for (std::size_t i = 0; i < size(); ++i) {
    const std::vector<std::string> settings{
        "--cluster-enabled",      "yes",        "--cluster-port",        std::to_string(free_port()),
        "--cluster-node-timeout", kDownAfterMs, "--cluster-config-file", "nodes.conf"};
    servers_.push_back(std::make_unique<RedisProcess>(settings));
  }
  for (std::size_t i = 0; i < kMasters; ++i) {
    server(i).tell({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first_slot(i)), std::to_string(last_slot(i))});
    server(i).tell({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (std::size_t i = 1; i < size(); ++i) {
    const std::string info = server(i).ask({"CONFIG", "GET", "cluster-port"});
    server(0).tell(
        {"CLUSTER", "MEET", "127.0.0.1", std::to_string(server(i).port()), info.substr(info.find('\n') + 1)});
  }
  const auto everywhere = [this](const std::string& line) {
    return std::ranges::all_of(servers_,
                               [&line](const auto& each) { return each->ask({"CLUSTER", "INFO"}).contains(line); });
  };
  wait_until("the nodes' acquaintance", [&] { return everywhere("cluster_known_nodes:" + std::to_string(size())); });
  for (std::size_t i = 0; i < kMasters; ++i) {
    const std::string master = node_id(i);
    wait_until("a replica's acceptance",
               [this, i, &master] { return server(kMasters + i).ask({"CLUSTER", "REPLICATE", master}) == "OK"; });
  }
  wait_until("the Cluster's being whole", [&] { return everywhere("cluster_state:ok"); });
  wait_until("replication", [this] {
    return std::ranges::all_of(servers_.begin(), servers_.begin() + kMasters, [](const auto& each) {
      return each->ask({"INFO", "replication"}).contains("state=online");
    });
  });
}

std::string RedisCluster::url() const {
  std::string hosts;
  for (std::size_t i = 0; i < kMasters; ++i) hosts += (i == 0 ? "" : ",") + local(*servers_[i]);
  return "redis+cluster://" + hosts;
}

int RedisCluster::first_slot(std::size_t master) {
  return static_cast<int>(master * static_cast<std::size_t>(kSlots) / kMasters);
}

}  // namespace tapedeck

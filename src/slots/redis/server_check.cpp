#include "slots/redis/server_check.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "redis/connection_handshake.hpp"

namespace tapedeck::redis {
namespace {

using Level = ServerFlaw::Level;

struct Version {
  int major = 0;
  int minor = 0;
};

// "7.0.15"
std::optional<Version> parse_version(std::string_view text) {
  Version version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return version;
}

// The flaws of one server so far.
class Flaws {
 public:
  explicit Flaws(std::string node) : node_(std::move(node)) {}
  void add(Level level, std::string sentence) { list_.push_back({level, node_, std::move(sentence)}); }
  [[nodiscard]] std::vector<ServerFlaw> take() { return std::move(list_); }

 private:
  std::string node_;
  std::vector<ServerFlaw> list_;
};

void judge_version(const std::string& info, Flaws& flaws) {
  const std::string text = info_field(info, "redis_version");
  const auto version = parse_version(text);
  const bool old =
      !version || version->major < kOldestMajor || (version->major == kOldestMajor && version->minor < kOldestMinor);
  if (!old) return;
  flaws.add(Level::kError, fmt::format("Redis is version {}, and Tapedeck needs {}.{} or newer: upgrade Redis.",
                                       text.empty() ? "unknown" : text, kOldestMajor, kOldestMinor));
}

void judge_role(const std::string& info, Flaws& flaws) {
  if (info_field(info, "role") == "master") return;
  flaws.add(Level::kError,
            "This Redis is a replica and refuses writes: let REDIS_URL lead to the master "
            "(redis-cli ROLE names it), or to the Sentinels with redis+sentinel://.");
}

void judge_memory(const std::string& info, Flaws& flaws) {
  const std::string policy = info_field(info, "maxmemory_policy");
  if (policy == "noeviction") return;
  flaws.add(Level::kError,
            fmt::format("maxmemory-policy is {}, so that Redis may throw slots and queues away: set it to noeviction "
                        "(redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf).",
                        policy.empty() ? "unknown" : policy));
}

void judge_persistence(const std::string& info, std::string_view append_fsync, Flaws& flaws) {
  if (info_field(info, "aof_enabled") != "1") {
    flaws.add(Level::kWarning,
              "appendonly is off: a restart of Redis loses the order and the leases, which are then rebuilt from the "
              "call store, and nothing is granted for the length of a lease. Set appendonly to yes (redis-cli CONFIG "
              "SET appendonly yes, and in redis.conf).");
  } else if (append_fsync == "no") {
    flaws.add(Level::kWarning,
              "appendfsync is no: a crash of the machine loses as much as the kernel has not written. Set it to "
              "everysec (redis-cli CONFIG SET appendfsync everysec, and in redis.conf).");
  }
  const std::string append_status = info_field(info, "aof_last_write_status");
  if (!append_status.empty() && append_status != "ok") {
    flaws.add(Level::kError,
              "Redis cannot write its append-only file, and refuses writes: free space on its disk, then look at its "
              "log.");
  }
}

void judge_replication(const std::string& info, Flaws& flaws) {
  const std::string replicas = info_field(info, "connected_slaves");
  if (replicas.empty() || replicas == "0") return;
  // Present only where min-replicas-to-write and min-replicas-max-lag are both set.
  const std::string good = info_field(info, "min_slaves_good_slaves");
  if (good.empty()) {
    flaws.add(Level::kWarning,
              "min-replicas-to-write is 0 though there are replicas: a master that is cut off goes on granting slots "
              "that its successor does not know of. Set it to 1 (redis-cli CONFIG SET min-replicas-to-write 1, and "
              "in redis.conf of every node).");
  } else if (good == "0") {
    flaws.add(Level::kError,
              "No replica keeps up with min-replicas-max-lag, so that Redis refuses writes: look at the replicas "
              "(redis-cli INFO replication).");
  }
}

std::string append_fsync_of(const Reply& reply) {
  const Reply::Array* pair = reply.array();
  if (pair == nullptr || pair->size() != 2) return {};
  const std::string* value = (*pair)[1].text();
  return value != nullptr ? *value : std::string();
}

}  // namespace

std::vector<ServerFlaw> judge_server(const std::string& node, const std::string& info, std::string_view append_fsync) {
  Flaws flaws(node);
  judge_version(info, flaws);
  judge_role(info, flaws);
  judge_memory(info, flaws);
  judge_persistence(info, append_fsync, flaws);
  judge_replication(info, flaws);
  return flaws.take();
}

const ServerFlaw* first_error(const std::vector<ServerFlaw>& flaws) {
  const auto found = std::ranges::find(flaws, Level::kError, &ServerFlaw::level);
  return found == flaws.end() ? nullptr : &*found;
}

Task<Result<std::vector<ServerFlaw>>> check_servers(Client& client) {
  std::vector<std::string> ask_info{"INFO"};
  Result<std::vector<NodeReply>> infos = co_await client.each_master(std::move(ask_info));
  if (!infos) co_return fail(infos.error());
  // Hosted Redis often forbids CONFIG. Then the answer is an error, and counts as no answer.
  std::vector<std::string> ask_fsync{"CONFIG", "GET", "appendfsync"};
  Result<std::vector<NodeReply>> fsyncs = co_await client.each_master(std::move(ask_fsync));
  std::vector<ServerFlaw> flaws;
  for (std::size_t i = 0; i < infos->size(); ++i) {
    const NodeReply& info = (*infos)[i];
    const std::string* text = info.reply.text();
    if (text == nullptr) {
      flaws.push_back({Level::kError, info.node,
                       "Redis does not answer INFO to this user: let it (redis-cli ACL SETUSER name +info), so that "
                       "its settings can be checked."});
      continue;
    }
    const bool has_fsync = fsyncs && i < fsyncs->size() && (*fsyncs)[i].node == info.node;
    for (ServerFlaw& flaw : judge_server(info.node, *text, has_fsync ? append_fsync_of((*fsyncs)[i].reply) : "")) {
      flaws.push_back(std::move(flaw));
    }
  }
  co_return flaws;
}

}  // namespace tapedeck::redis

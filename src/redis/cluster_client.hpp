#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "redis/client_base.hpp"
#include "redis/cluster_slots.hpp"

namespace tapedeck::redis {

/// Shortest time between two readings of a Cluster's topology: after a MOVED, which named the new owner already; and
/// while a master is missing.
inline constexpr Milliseconds kTopologyEvery{1'000};
inline constexpr Milliseconds kTopologyUrgentlyEvery{100};
/// Pause before another attempt of a command whose hash slot has no master that answers.
inline constexpr Milliseconds kMasterlessRest{100};

/// A Redis Cluster. All loops share the map of hash slots; each loop has a connection to each master that it has used.
/// A command goes where the map says, follows MOVED and ASK, and waits within its deadline for a failover that the
/// Cluster has begun. It does not wait for a master that cannot be reached. Source:
/// redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec.
class ClusterClient final : public ClientBase {
 public:
  ClusterClient(std::shared_ptr<ClientShared> shared, const Url& url, Random& random);

 protected:
  [[nodiscard]] Task<Result<Endpoint>> locate(LoopConnections& loop, std::string key) override;
  [[nodiscard]] Task<Result<std::vector<Endpoint>>> masters(LoopConnections& loop) override;
  [[nodiscard]] Task<bool> relocate(LoopConnections& loop, std::string key, Endpoint endpoint,
                                    ReadError error) override;
  void doubt(const Endpoint& endpoint) override;

 private:
  class Refreshing;

  [[nodiscard]] Task<Result<void>> refresh(LoopConnections& loop, Milliseconds every);
  [[nodiscard]] Task<Result<void>> fetch_map(LoopConnections& loop);
  [[nodiscard]] std::vector<Endpoint> candidates();
  [[nodiscard]] std::shared_ptr<const SlotMap> map();
  void learn(int slot, const Endpoint& owner);

  const std::vector<Endpoint> seeds_;
  std::mutex mutex_;                    // of what follows
  std::shared_ptr<const SlotMap> map_;  // shared, because a reader may outlive its replacement
  SteadyTime refreshed_at_;             // the last attempt
  std::optional<Endpoint> doubted_;     // broke off since the map was read
  bool is_refreshing_ = false;
  std::size_t turn_ = 0;
};

}  // namespace tapedeck::redis

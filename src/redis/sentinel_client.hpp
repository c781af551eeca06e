#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "redis/client_base.hpp"

namespace tapedeck::redis {

/// The current master, as the Sentinels name it. The client uses it only if the server itself says that it is a master,
/// and asks the Sentinels again after a failover, which shows by a broken connection or a refused write.
/// Source: redis.io/docs/latest/develop/reference/sentinel-clients.
class SentinelClient final : public ClientBase {
 public:
  SentinelClient(std::shared_ptr<ClientShared> shared, const Url& url, Random& random);

 protected:
  void doubt(const Endpoint& endpoint) override;
  [[nodiscard]] Task<Result<Endpoint>> locate(LoopConnections& loop, std::string key) override;
  [[nodiscard]] Task<Result<std::vector<Endpoint>>> masters(LoopConnections& loop) override;
  [[nodiscard]] Task<bool> relocate(LoopConnections& loop, std::string key, Endpoint endpoint,
                                    ReadError error) override;

 private:
  [[nodiscard]] Task<Result<Endpoint>> discover(LoopConnections& loop, std::optional<Endpoint> rather_not);
  [[nodiscard]] Task<Result<Endpoint>> ask_sentinel(LoopConnections& loop, Endpoint sentinel);
  [[nodiscard]] std::optional<Endpoint> known_master();

  const std::vector<Endpoint> sentinels_;
  const std::string master_name_;
  const Greeting sentinel_greeting_;
  std::mutex mutex_;
  std::optional<Endpoint> master_;  // empty: the Sentinels must be asked
  std::size_t first_ = 0;           // the Sentinel that answered last
};

}  // namespace tapedeck::redis

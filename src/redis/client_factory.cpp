#include "redis/client_factory.hpp"

#include <utility>

#include "redis/client_single.hpp"
#include "redis/cluster_client.hpp"
#include "redis/connection_tls.hpp"
#include "redis/sentinel_client.hpp"

namespace tapedeck::redis {

Result<std::unique_ptr<Client>> make_client(const Url& url, Random& random, const ClientOptions& options) {
  auto shared = std::make_shared<ClientShared>();
  shared->options = options;
  if (url.tls) {
    auto tls = make_tls(url.files);
    if (!tls) return fail(tls.error());
    shared->tls = std::move(*tls);
  }
  switch (url.topology) {
    case Topology::kSentinel: return std::make_unique<SentinelClient>(std::move(shared), url, random);
    case Topology::kCluster: return std::make_unique<ClusterClient>(std::move(shared), url, random);
    case Topology::kSingle: break;
  }
  return std::make_unique<SingleClient>(std::move(shared), url, random);
}

}  // namespace tapedeck::redis

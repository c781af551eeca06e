#include "adapters/redis/client_factory.hpp"

#include <utility>

#include "adapters/redis/client_single.hpp"
#include "adapters/redis/connection_tls.hpp"

namespace tapedeck::redis {

Result<std::unique_ptr<Client>> make_client(const Url& url, Random& random, const ClientOptions& options) {
  auto shared = std::make_shared<ClientShared>();
  shared->options = options;
  if (url.tls) {
    auto tls = make_tls(url.files);
    if (!tls) return fail(tls.error());
    shared->tls = std::move(*tls);
  }
  return std::make_unique<SingleClient>(std::move(shared), url, random);
}

}  // namespace tapedeck::redis

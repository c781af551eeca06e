#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "redis/client_base.hpp"

namespace tapedeck::redis {

/// One Redis, always the same.
class SingleClient final : public ClientBase {
 public:
  SingleClient(std::shared_ptr<ClientShared> shared, const Url& url, Random& random)
      : ClientBase(std::move(shared), {PeerKind::kServer, url.login, url.database}, random),
        endpoint_(url.endpoints.front()) {}

 protected:
  [[nodiscard]] Task<Result<Endpoint>> locate(LoopConnections&, std::string) override { co_return endpoint_; }
  [[nodiscard]] Task<Result<std::vector<Endpoint>>> masters(LoopConnections&) override {
    co_return std::vector<Endpoint>{endpoint_};
  }
  [[nodiscard]] Task<bool> relocate(LoopConnections&, std::string, Endpoint, ReadError) override { co_return false; }
  void doubt(const Endpoint&) override {}

 private:
  Endpoint endpoint_;
};

}  // namespace tapedeck::redis

#pragma once

#include <memory>

#include "redis/client.hpp"
#include "redis/url.hpp"
#include "runtime/random.hpp"

namespace tapedeck::redis {

/// The client that `url` asks for. It connects when it is first used. `random` must outlive it. Error kInvalidArgument:
/// a TLS file cannot be used.
[[nodiscard]] Result<std::unique_ptr<Client>> make_client(const Url& url, Random& random,
                                                          const ClientOptions& options = {});

}  // namespace tapedeck::redis

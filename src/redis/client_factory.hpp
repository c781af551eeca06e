#pragma once

#include <memory>

#include "redis/client.hpp"
#include "redis/url.hpp"
#include "runtime/random.hpp"

namespace tapedeck::redis {

/// The client for `url`. It connects at its first use. `random` must outlive it. Error kInvalidArgument:
/// a TLS file cannot be used.
[[nodiscard]] Result<std::unique_ptr<Client>> make_client(const Url& url, Random& random,
                                                          const ClientOptions& options = {});

}  // namespace tapedeck::redis

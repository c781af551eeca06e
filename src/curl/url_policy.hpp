#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "curl/url.hpp"

namespace tapedeck {

/// Where requests may go, redirects included. What the provider answers is outside input: without this a redirect could
/// make us speak to our own network, or carry credentials elsewhere.
class UrlPolicy {
 public:
  /// `base` is the operator's own setting, and always allowed. `hosts` may be redirected to by https on port 443: a
  /// name, or "*.name" for every name below it. `exact` are further endpoints that are allowed as they stand, plain or
  /// private: for tests and laboratories.
  UrlPolicy(Endpoint base, std::vector<std::string> hosts, std::vector<Endpoint> exact = {});

  /// Error kProviderRedirect says why not.
  [[nodiscard]] Result<void> check(const Url& target) const;

  /// The endpoint may resolve to an address that is not public: only where the operator's setting says so by itself,
  /// being plain http, "localhost" or a private address, and then exactly that scheme, host and port.
  [[nodiscard]] bool may_be_private(const Endpoint& endpoint) const;

  [[nodiscard]] const Endpoint& base() const noexcept { return base_; }

 private:
  [[nodiscard]] bool is_exact(const Endpoint& endpoint) const;
  [[nodiscard]] bool is_allowed_host(const std::string& host) const;

  Endpoint base_;
  std::vector<std::string> hosts_;
  std::vector<Endpoint> exact_;
};

}  // namespace tapedeck

#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "curl/url.hpp"

namespace tapedeck {

/// Where requests may go, including redirects. The provider's answers are outside input: without this a redirect could
/// make us send requests into our own network, or credentials elsewhere.
class UrlPolicy {
 public:
  /// `base` is the operator's setting, and always allowed. Redirects to `hosts` are allowed by https on port 443; each
  /// is a name, or "*.name" for every name below it. `exact` endpoints are allowed as they are, plain or private: for
  /// tests and laboratories.
  UrlPolicy(Endpoint base, std::vector<std::string> hosts, std::vector<Endpoint> exact = {});

  /// Error kProviderRedirect says why not.
  [[nodiscard]] Result<void> check(const Url& target) const;

  /// Whether the endpoint may resolve to an address that is not public: only if the operator's setting itself is plain
  /// http, "localhost" or a private address, and only for exactly that scheme, host and port.
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

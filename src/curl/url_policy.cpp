#include "curl/url_policy.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "curl/network_address.hpp"

namespace tapedeck {
namespace {

constexpr int kHttpsPort = 443;

bool matches(const std::string& pattern, const std::string& host) {
  if (!pattern.starts_with("*.")) return host == pattern;
  // With the dot, so that "*.twilio.com" does not match "eviltwilio.com".
  const std::string_view suffix = std::string_view(pattern).substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

}  // namespace

UrlPolicy::UrlPolicy(Endpoint base, std::vector<std::string> hosts, std::vector<Endpoint> exact)
    : base_(std::move(base)), hosts_(std::move(hosts)), exact_(std::move(exact)) {}

bool UrlPolicy::is_exact(const Endpoint& endpoint) const { return std::ranges::find(exact_, endpoint) != exact_.end(); }

bool UrlPolicy::is_allowed_host(const std::string& host) const {
  return host == base_.host || std::ranges::any_of(hosts_, [&](const std::string& p) { return matches(p, host); });
}

Result<void> UrlPolicy::check(const Url& target) const {
  const Endpoint& endpoint = target.endpoint;
  if (endpoint == base_ || is_exact(endpoint)) return {};
  const auto refuse = [&](const char* why) {
    return fail(Errc::kProviderRedirect, fmt::format("redirected to {}: {}", endpoint_text(endpoint), why));
  };
  if (endpoint.scheme != "https") return refuse("only https is followed");
  if (endpoint.port != kHttpsPort) return refuse("only port 443 is followed");
  if (!is_allowed_host(endpoint.host)) return refuse("this host is not allowed");
  return {};
}

bool UrlPolicy::may_be_private(const Endpoint& endpoint) const {
  if (is_exact(endpoint)) return true;
  if (endpoint != base_) return false;
  return base_.scheme == "http" || base_.host == "localhost" || is_private_literal(base_.host);
}

}  // namespace tapedeck

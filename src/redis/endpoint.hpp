#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace tapedeck::redis {

/// The address of a Redis or a Sentinel: a host and a port, or a unix socket.
struct Endpoint {
  std::string host;  ///< a name, or an address; an IPv6 address without brackets
  std::uint16_t port = 0;
  std::string socket_path;  ///< not empty: a unix socket, without host and port

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// "redis.example.com:6379", "[::1]:6379", "/run/redis.sock"; for people.
[[nodiscard]] inline std::string endpoint_text(const Endpoint& endpoint) {
  if (!endpoint.socket_path.empty()) return endpoint.socket_path;
  const bool bracketed = endpoint.host.contains(':');
  return (bracketed ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace tapedeck::redis

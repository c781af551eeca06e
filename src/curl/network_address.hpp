#pragma once

#include <string>

#include <sys/socket.h>

namespace tapedeck {

/// True for an address of the public internet: a request to it cannot reach this machine, its network, or a cloud's
/// metadata service. False for loopback, private (RFC 1918, RFC 4193), shared (RFC 6598), link-local, multicast,
/// documentation, benchmarking, reserved and IPv4-mapped addresses, for tunnels that embed an IPv4 address (6to4,
/// Teredo), and for NAT64 (RFC 6052) of an IPv4 address that is not public itself. Source: the special-purpose address
/// registries of IANA.
[[nodiscard]] bool is_public_address(const sockaddr& address) noexcept;

/// "192.0.2.1" or "2001:db8::1"; for people.
[[nodiscard]] std::string address_text(const sockaddr& address);

/// True when `host`, without brackets, is an IP address in its usual notation and is not public.
[[nodiscard]] bool is_private_literal(const std::string& host) noexcept;

}  // namespace tapedeck

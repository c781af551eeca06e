#include "curl/network_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace tapedeck {
namespace {

struct Block4 {
  std::uint32_t address;
  int bits;
};

constexpr std::uint32_t quad(unsigned a, unsigned b, unsigned c, unsigned d) {
  return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

// Every block of IANA's IPv4 special-purpose registry, multicast, and the old class E with the broadcast address.
constexpr std::array kSpecial4{
    Block4{quad(0, 0, 0, 0), 8},      Block4{quad(10, 0, 0, 0), 8},     Block4{quad(100, 64, 0, 0), 10},
    Block4{quad(127, 0, 0, 0), 8},    Block4{quad(169, 254, 0, 0), 16}, Block4{quad(172, 16, 0, 0), 12},
    Block4{quad(192, 0, 0, 0), 24},   Block4{quad(192, 0, 2, 0), 24},   Block4{quad(192, 88, 99, 0), 24},
    Block4{quad(192, 168, 0, 0), 16}, Block4{quad(198, 18, 0, 0), 15},  Block4{quad(198, 51, 100, 0), 24},
    Block4{quad(203, 0, 113, 0), 24}, Block4{quad(224, 0, 0, 0), 4},    Block4{quad(240, 0, 0, 0), 4},
};

bool is_public_4(std::uint32_t address) {
  return std::ranges::none_of(kSpecial4, [address](const Block4& block) {
    return (address >> (32 - block.bits)) == (block.address >> (32 - block.bits));
  });
}

using Bytes6 = std::array<std::uint8_t, 16>;

struct Block6 {
  std::array<std::uint8_t, 4> head;
  int bits;  // at most 32
};

// Special blocks within 2000::/3, the only block of global unicast addresses.
constexpr std::array kSpecial6{
    Block6{{0x20, 0x01, 0x00, 0x00}, 23},  // IETF protocol assignments: Teredo, ORCHID, benchmarking
    Block6{{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation
    Block6{{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4
    Block6{{0x3F, 0xFF, 0x00, 0x00}, 20},  // documentation
};
constexpr Bytes6 kNat64{0x00, 0x64, 0xFF, 0x9B};
constexpr std::size_t kNat64Bytes = 12;

std::uint32_t big_endian_32(std::span<const std::uint8_t> bytes) {
  return quad(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool is_public_6(const Bytes6& address) {
  if (std::equal(kNat64.begin(), kNat64.begin() + kNat64Bytes, address.begin())) {
    return is_public_4(big_endian_32(std::span(address).subspan(kNat64Bytes)));
  }
  if ((address[0] & 0xE0U) != 0x20U) return false;
  const std::uint32_t head = big_endian_32(address);
  return std::ranges::none_of(kSpecial6, [head](const Block6& block) {
    return (head >> (32 - block.bits)) == (big_endian_32(block.head) >> (32 - block.bits));
  });
}

// Copied, because a sockaddr may have any alignment.
template <class Address>
Address copy_of(const sockaddr& address) {
  Address copy{};
  std::memcpy(&copy, &address, sizeof copy);
  return copy;
}

}  // namespace

bool is_public_address(const sockaddr& address) noexcept {
  switch (address.sa_family) {
    case AF_INET: return is_public_4(ntohl(copy_of<sockaddr_in>(address).sin_addr.s_addr));
    case AF_INET6: {
      const auto six = copy_of<sockaddr_in6>(address);
      Bytes6 bytes{};
      std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
      return is_public_6(bytes);
    }
    default: return false;
  }
}

std::string address_text(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    const auto four = copy_of<sockaddr_in>(address);
    (void)::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    const auto six = copy_of<sockaddr_in6>(address);
    (void)::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

bool is_private_literal(const std::string& host) noexcept {
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return !is_public_4(ntohl(four.s_addr));
  in6_addr six{};
  if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return false;
  Bytes6 bytes{};
  std::memcpy(bytes.data(), &six, bytes.size());
  return !is_public_6(bytes);
}

}  // namespace tapedeck

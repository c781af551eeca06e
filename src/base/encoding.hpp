#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tapedeck {

/// Bytes of a SHA-256 digest.
inline constexpr std::size_t kSha256Bytes = 32;
using Sha256 = std::array<char, kSha256Bytes>;

[[nodiscard]] inline std::string_view view_of(const Sha256& digest) noexcept { return {digest.data(), digest.size()}; }

/// SHA-256 (FIPS 180-4). Keeps no memory after the call.
[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// The digest as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// HMAC (RFC 2104) with SHA-256.
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view message);
/// HMAC with SHA-1: 20 bytes. Only for signatures that an outside interface prescribes.
[[nodiscard]] std::string hmac_sha1(std::string_view key, std::string_view message);

/// Lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(std::string_view bytes);

/// RFC 4648 §4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Strict: padding present, no white space, unused bits zero. Error kInvalidArgument.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);
/// RFC 4648 §5, without padding: safe in URLs, cookies and headers.
[[nodiscard]] std::string to_base64url(std::string_view bytes);
/// Strict: no padding, unused bits zero, so that each value has exactly one text. Error kInvalidArgument.
[[nodiscard]] Result<std::string> from_base64url(std::string_view text);

/// Takes the same time wherever the first difference is. The lengths are not secret.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace tapedeck

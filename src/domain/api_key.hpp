#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tapedeck {

/// The prefix of every API key, by which people and secret scanners recognise one.
inline constexpr std::string_view kApiKeyPrefix = "tdk_";
/// Random bytes of a key.
inline constexpr std::size_t kApiKeyBytes = 32;
/// Characters of a key: the prefix and 43 of base64url.
inline constexpr std::size_t kApiKeyLength = kApiKeyPrefix.size() + 43;
inline constexpr std::string_view kApiKeyExpected = "expected an API key: tdk_ and 43 of A-Z a-z 0-9 _ and -";

/// Makes a key of kApiKeyBytes unpredictable bytes.
[[nodiscard]] std::string make_api_key(std::string_view random_bytes);
/// True for a text that make_api_key() can make.
[[nodiscard]] bool is_api_key(std::string_view text) noexcept;
/// The stored form of a key: its SHA-256 in hexadecimal. A key has 256 random bits, so nobody can guess it, and it
/// needs neither salt nor a slow hash.
[[nodiscard]] std::string hash_api_key(std::string_view key);
/// Compares in constant time.
[[nodiscard]] bool is_key_of_hash(std::string_view key, std::string_view hash);

}  // namespace tapedeck

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tapedeck {

/// What every API key begins with, so that people and secret scanners recognise one.
inline constexpr std::string_view kApiKeyPrefix = "tdk_";
/// Random bytes of a key.
inline constexpr std::size_t kApiKeyBytes = 32;
/// Characters of a key: the prefix and 43 of base64url.
inline constexpr std::size_t kApiKeyLength = kApiKeyPrefix.size() + 43;
inline constexpr std::string_view kApiKeyExpected = "expected an API key: tdk_ and 43 of A-Z a-z 0-9 _ and -";

/// A key of kApiKeyBytes unpredictable bytes.
[[nodiscard]] std::string make_api_key(std::string_view random_bytes);
/// True for what make_api_key() could have made.
[[nodiscard]] bool is_api_key(std::string_view text) noexcept;
/// What is stored of a key: its SHA-256 in hexadecimal. A key has 256 bits of its own, so no salt and no slow hash is
/// needed: there is nothing to guess.
[[nodiscard]] std::string hash_api_key(std::string_view key);
/// In constant time.
[[nodiscard]] bool is_key_of_hash(std::string_view key, std::string_view hash);

}  // namespace tapedeck

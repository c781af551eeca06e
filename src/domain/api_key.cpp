#include "domain/api_key.hpp"

#include "base/encoding.hpp"

namespace tapedeck {

std::string make_api_key(std::string_view random_bytes) {
  return std::string(kApiKeyPrefix) + to_base64url(random_bytes);
}

bool is_api_key(std::string_view text) noexcept {
  if (text.size() != kApiKeyLength || !text.starts_with(kApiKeyPrefix)) return false;
  for (const char c : text.substr(kApiKeyPrefix.size())) {
    const bool digit =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    if (!digit) return false;
  }
  return true;
}

std::string hash_api_key(std::string_view key) { return sha256_hex(key); }

bool is_key_of_hash(std::string_view key, std::string_view hash) {
  return equal_in_constant_time(hash_api_key(key), hash);
}

}  // namespace tapedeck

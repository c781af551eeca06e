#include "redis/script.hpp"

#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace tapedeck::redis {
namespace {

constexpr std::size_t kSha1Bytes = 20;

std::string sha1_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1 || length != kSha1Bytes) {
    throw std::runtime_error("SHA-1 is not available, and Redis names its scripts by it");
  }
  std::string hex;
  for (std::size_t i = 0; i < kSha1Bytes; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace

Script make_script(std::string_view name, std::string_view text) { return {name, text, sha1_hex(text)}; }

}  // namespace tapedeck::redis

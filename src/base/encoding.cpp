#include "base/encoding.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tapedeck {
namespace {

constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64UrlDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// A look-up of an algorithm takes a lock, and longer than hashing a key. So it happens once.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                         &EVP_MD_free);
  if (!algorithm) throw std::runtime_error("OpenSSL offers no SHA-256");
  return algorithm.get();
}

const unsigned char* octets(std::string_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string encode(std::string_view bytes, std::string_view digits, bool padded) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8U) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      text += digits[(buffer >> static_cast<unsigned>(bits)) & 0x3FU];
    }
  }
  if (bits > 0) text += digits[(buffer << static_cast<unsigned>(6 - bits)) & 0x3FU];
  while (padded && text.size() % 4 != 0) text += '=';
  return text;
}

// Decodes `text`, which has no padding. A remainder of one digit, or of bits that are not zero, is malformed.
Result<std::string> decode(std::string_view text, std::string_view digits, std::string_view expected) {
  const auto refuse = [&] { return fail(Errc::kInvalidArgument, std::string(expected)); };
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) return refuse();
    buffer = (buffer << 6U) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((buffer >> static_cast<unsigned>(bits)) & 0xFFU);
    }
  }
  if (bits >= 6 || (buffer & ((1U << static_cast<unsigned>(bits)) - 1U)) != 0) return refuse();
  return bytes;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  auto* out = reinterpret_cast<unsigned char*>(digest.data());
  if (!context || EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), out, nullptr) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  return digest;
}

std::string sha256_hex(std::string_view bytes) { return to_hex(view_of(sha256(bytes))); }

Sha256 hmac_sha256(std::string_view key, std::string_view message) {
  Sha256 mac{};
  unsigned int length = 0;
  auto* out = reinterpret_cast<unsigned char*>(mac.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(message), message.size(), out, &length) ==
      nullptr) {
    throw std::runtime_error("HMAC-SHA-256 failed");
  }
  return mac;
}

std::string hmac_sha1(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int length = 0;
  if (HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), octets(message), message.size(), mac.data(),
           &length) == nullptr) {
    throw std::runtime_error("HMAC-SHA-1 failed");
  }
  return {reinterpret_cast<const char*>(mac.data()), length};
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    text += kDigits[value >> 4U];
    text += kDigits[value & 0xFU];
  }
  return text;
}

std::string to_base64(std::string_view bytes) { return encode(bytes, kBase64Digits, true); }

Result<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kExpected = "expected base64 (RFC 4648, with padding)";
  if (text.size() % 4 != 0) return fail(Errc::kInvalidArgument, std::string(kExpected));
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, kBase64Digits, kExpected);
}

std::string to_base64url(std::string_view bytes) { return encode(bytes, kBase64UrlDigits, false); }

Result<std::string> from_base64url(std::string_view text) {
  return decode(text, kBase64UrlDigits, "expected base64url (RFC 4648 section 5, without padding)");
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tapedeck

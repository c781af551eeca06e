#include "base/secret_box.hpp"

#include <algorithm>
#include <climits>
#include <memory>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/encoding.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kVersion = "v1:";
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
// Far above the length of any credential. Keeps every length within OpenSSL's int.
constexpr std::size_t kSecretMaxBytes = 64 * 1024;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { ::EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int length(std::string_view text) { return static_cast<int>(text.size()); }

}  // namespace

Result<SecretBox> SecretBox::make(std::string_view key) {
  if (key.size() != kSecretKeyBytes) {
    return fail(Errc::kInvalidArgument,
                fmt::format("expected a secret key of {} bytes, got {}", kSecretKeyBytes, key.size()));
  }
  SecretBox box;
  std::ranges::copy(key, box.key_.begin());
  return box;
}

SecretBox::~SecretBox() { ::OPENSSL_cleanse(key_.data(), key_.size()); }

Result<std::string> SecretBox::seal(std::string_view secret, std::string_view context) const {
  if (secret.size() > kSecretMaxBytes || context.size() > kSecretMaxBytes) {
    return fail(Errc::kTooLarge, fmt::format("a secret may have {} bytes at most", kSecretMaxBytes));
  }
  std::string sealed(kNonceBytes + secret.size() + kTagBytes, '\0');
  unsigned char* nonce = bytes(sealed);
  unsigned char* body = nonce + kNonceBytes;
  unsigned char* tag = body + secret.size();
  const Cipher cipher(::EVP_CIPHER_CTX_new());
  int written = 0;
  const bool done =
      cipher != nullptr && ::RAND_bytes(nonce, kNonceBytes) == 1 &&
      ::EVP_EncryptInit_ex(cipher.get(), ::EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      ::EVP_EncryptUpdate(cipher.get(), nullptr, &written, bytes(context), length(context)) == 1 &&
      (secret.empty() || ::EVP_EncryptUpdate(cipher.get(), body, &written, bytes(secret), length(secret)) == 1) &&
      ::EVP_EncryptFinal_ex(cipher.get(), tag, &written) == 1 &&
      ::EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag) == 1;
  if (!done) return fail(Errc::kInternal, "OpenSSL could not seal a secret");
  return std::string(kVersion) + to_base64(sealed);
}

Result<std::string> SecretBox::open(std::string_view sealed, std::string_view context) const {
  const auto refuse = [] {
    return fail(Errc::kCorrupt, "a sealed secret does not open: SECRET_KEY is not the one it was sealed with");
  };
  if (!sealed.starts_with(kVersion) || sealed.size() > 2 * kSecretMaxBytes || context.size() > kSecretMaxBytes) {
    return refuse();
  }
  Result<std::string> data = from_base64(sealed.substr(kVersion.size()));
  if (!data || data->size() < kNonceBytes + kTagBytes) return refuse();

  std::string secret(data->size() - kNonceBytes - kTagBytes, '\0');
  const unsigned char* nonce = bytes(*data);
  const unsigned char* body = nonce + kNonceBytes;
  unsigned char* tag = bytes(*data) + kNonceBytes + secret.size();
  const Cipher cipher(::EVP_CIPHER_CTX_new());
  int written = 0;
  const bool opened =
      cipher != nullptr && ::EVP_DecryptInit_ex(cipher.get(), ::EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      ::EVP_DecryptUpdate(cipher.get(), nullptr, &written, bytes(context), length(context)) == 1 &&
      (secret.empty() || ::EVP_DecryptUpdate(cipher.get(), bytes(secret), &written, body, length(secret)) == 1) &&
      ::EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag) == 1 &&
      ::EVP_DecryptFinal_ex(cipher.get(), nullptr, &written) == 1;
  if (!opened) return refuse();
  return secret;
}

}  // namespace tapedeck

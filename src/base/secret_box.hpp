#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tapedeck {

/// Bytes in SECRET_KEY.
inline constexpr std::size_t kSecretKeyBytes = 32;

/// Seals short secrets, so that a stolen database does not reveal them: AES-256-GCM (NIST SP 800-38D) under SECRET_KEY,
/// with a random 96-bit nonce for each secret. Thread-safe.
///
/// A sealed text is "v1:" and the base64 of nonce, ciphertext and tag. It opens only with the same key and the same
/// `context`, so that a secret cannot be moved from one row to another.
class SecretBox {
 public:
  /// `key`: kSecretKeyBytes unpredictable bytes. Error kInvalidArgument says how many it got.
  [[nodiscard]] static Result<SecretBox> make(std::string_view key);

  /// Error kInternal: the operating system gives no random bytes. Error kTooLarge: more than 64 KiB.
  [[nodiscard]] Result<std::string> seal(std::string_view secret, std::string_view context) const;
  /// Error kCorrupt: not a sealed text, or sealed with another key or for another context.
  [[nodiscard]] Result<std::string> open(std::string_view sealed, std::string_view context) const;

  SecretBox(const SecretBox&) = default;
  SecretBox& operator=(const SecretBox&) = default;
  /// Wipes the key.
  ~SecretBox();

 private:
  SecretBox() = default;

  std::array<unsigned char, kSecretKeyBytes> key_{};
};

}  // namespace tapedeck

#include "base/secret_box.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

const std::string kKey(kSecretKeyBytes, '\x11');
const std::string kToken = "0123456789abcdef0123456789abcdef";

SecretBox box(const std::string& key = kKey) { return *SecretBox::make(key); }

Errc errc_of(const Result<std::string>& result) { return result ? Errc{} : result.error().errc(); }

// NIST CAVP, gcmEncryptExtIV256.rsp, [PTlen = 128] [AADlen = 128] count 0; nonce, ciphertext and tag in our text form.
TEST(SecretBox, a_published_vector_of_aes_256_gcm_opens) {
  const std::string key(
      "\x92\xe1\x1d\xcd\xaa\x86\x6f\x5c\xe7\x90\xfd\x24\x50\x1f\x92\x50"
      "\x9a\xac\xf4\xcb\x8b\x13\x39\xd5\x0c\x9c\x12\x40\x93\x5d\xd0\x8b",
      kSecretKeyBytes);
  const std::string context("\x1e\x08\x89\x01\x6f\x67\x60\x1c\x8e\xbe\xa4\x94\x3b\xc2\x3a\xd6", 16);
  const std::string secret("\x2d\x71\xbc\xfa\x91\x4e\x4a\xc0\x45\xb2\xaa\x60\x95\x5f\xad\x24", 16);
  EXPECT_EQ(box(key).open("v1:rJOhphRSmb3pAvIaiZWuLm3z2/lvrHtxN7rmf+ylqnfVHUoKFNnFHh2kdKs=", context), secret);
}

TEST(SecretBox, a_sealed_secret_opens) {
  for (const std::string& secret : {kToken, std::string(), std::string("a\0b", 3), std::string(5000, 'x')}) {
    const auto sealed = box().seal(secret, "acme");
    ASSERT_TRUE(sealed);
    EXPECT_EQ(box().open(*sealed, "acme"), secret);
  }
}

TEST(SecretBox, a_sealed_text_does_not_show_the_secret) {
  const auto sealed = box().seal(kToken, "acme");
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(sealed->starts_with("v1:"));
  EXPECT_EQ(sealed->find(kToken), std::string::npos);
}

TEST(SecretBox, the_same_secret_is_sealed_differently_each_time) {
  EXPECT_NE(box().seal(kToken, "acme").value(), box().seal(kToken, "acme").value());
}

TEST(SecretBox, a_sealed_text_does_not_open_with_another_key) {
  const auto sealed = box().seal(kToken, "acme");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(errc_of(box(std::string(kSecretKeyBytes, '\x12')).open(*sealed, "acme")), Errc::kCorrupt);
}

TEST(SecretBox, a_sealed_text_does_not_open_for_another_context) {
  const auto sealed = box().seal(kToken, "acme");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(errc_of(box().open(*sealed, "globex")), Errc::kCorrupt);
}

TEST(SecretBox, a_change_of_any_character_is_noticed) {
  const auto sealed = box().seal(kToken, "acme");
  ASSERT_TRUE(sealed);
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    std::string changed = *sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(errc_of(box().open(changed, "acme")), Errc::kCorrupt) << "character " << i;
  }
}

TEST(SecretBox, a_text_that_was_never_sealed_does_not_open) {
  for (const std::string_view text : {"", "v1:", "v1:AAAA", "v2:AAAA", "v1:====", "v1:not base64!", "plain",
                                      "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="}) {
    EXPECT_EQ(errc_of(box().open(text, "acme")), Errc::kCorrupt) << text;
  }
}

TEST(SecretBox, a_key_must_have_32_bytes) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    const auto made = SecretBox::make(std::string(size, 'k'));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().errc(), Errc::kInvalidArgument);
    EXPECT_NE(made.error().detail.find("32"), std::string::npos);
  }
}

}  // namespace
}  // namespace tapedeck

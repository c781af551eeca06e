#include "base/encoding.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

TEST(EncodingTest, sha256_matches_the_published_digests) {
  // FIPS 180-4 examples.
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(EncodingTest, hmac_sha256_matches_the_published_code) {
  // RFC 4231, test case 2.
  EXPECT_EQ(to_hex(view_of(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(EncodingTest, hmac_sha1_matches_the_published_code) {
  // RFC 2202, test case 2.
  EXPECT_EQ(to_hex(hmac_sha1("Jefe", "what do ya want for nothing?")), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST(EncodingTest, base64_matches_the_published_texts_in_both_directions) {
  // RFC 4648 §10.
  const std::pair<std::string, std::string> table[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : table) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text).value(), bytes);
  }
}

TEST(EncodingTest, base64url_without_padding_reads_back_every_byte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const std::string text = to_base64url(bytes);
  EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
  EXPECT_EQ(from_base64url(text).value(), bytes);
}

TEST(EncodingTest, malformed_base64_is_refused) {
  for (const std::string_view text : {"Zg", "Zg=", "Z===", "Zh==", "Z g=", "Zg==Zg==", "Zm9v\n", "Zm9_"}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

TEST(EncodingTest, malformed_base64url_is_refused) {
  for (const std::string_view text : {"Z", "Zg==", "Zh", "Zm9/", "Zm 9"}) {
    EXPECT_FALSE(from_base64url(text).has_value()) << text;
  }
}

TEST(EncodingTest, the_constant_time_comparison_distinguishes_equal_from_different) {
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_in_constant_time("", "s"));
}

}  // namespace
}  // namespace tapedeck

#include "domain/api_key.hpp"

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

const std::string kRandom(kApiKeyBytes, '\xA5');

TEST(ApiKeyTest, a_made_key_is_recognised) {
  const std::string key = make_api_key(kRandom);
  EXPECT_EQ(key.size(), kApiKeyLength);
  EXPECT_TRUE(key.starts_with("tdk_"));
  EXPECT_TRUE(is_api_key(key));
}

TEST(ApiKeyTest, a_text_of_any_other_shape_is_not_a_key) {
  const std::string key = make_api_key(kRandom);
  std::string with_space = key;
  with_space[10] = ' ';
  for (const std::string& text : {std::string(), std::string("tdk_"), key + "A", key.substr(0, key.size() - 1),
                                  "TDK_" + key.substr(4), with_space}) {
    EXPECT_FALSE(is_api_key(text)) << text;
  }
}

TEST(ApiKeyTest, the_hash_is_the_sha256_of_the_whole_key) {
  EXPECT_EQ(hash_api_key("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ApiKeyTest, a_key_matches_its_own_hash_only) {
  const std::string key = make_api_key(kRandom);
  EXPECT_TRUE(is_key_of_hash(key, hash_api_key(key)));
  EXPECT_FALSE(is_key_of_hash(key, hash_api_key(make_api_key(std::string(kApiKeyBytes, 'x')))));
  EXPECT_FALSE(is_key_of_hash(key, ""));
}

}  // namespace
}  // namespace tapedeck

#include "blobs/s3/credentials.hpp"

#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "tests/fakes/child_process.hpp"

namespace tapedeck::s3 {
namespace {

constexpr std::string_view kFile = R"(# keys of this machine
[default]
aws_access_key_id = AKIDONE
aws_secret_access_key=secret/one==
; a comment

[ night ]
aws_session_token = token
aws_secret_access_key = two
aws_access_key_id = AKIDTWO
region = eu-west-1

[half]
aws_access_key_id = AKIDHALF
)";

std::string text_of(const Result<AwsCredentials>& credentials) {
  if (!credentials) return std::string(errc_name(credentials.error().errc()));
  return credentials->access_key_id + " " + credentials->secret_access_key + " " + credentials->session_token;
}

using Variables = std::map<std::string, std::string>;

Result<AwsCredentials> load(const Variables& variables) {
  return load_credentials([&variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(S3Credentials, credentials_are_read_by_profile) {
  EXPECT_EQ(text_of(parse_credentials_file(kFile, "default")), "AKIDONE secret/one== ");
  EXPECT_EQ(text_of(parse_credentials_file(kFile, "night")), "AKIDTWO two token");
  EXPECT_EQ(text_of(parse_credentials_file(kFile, "half")), "invalid_argument");
  EXPECT_EQ(text_of(parse_credentials_file(kFile, "other")), "invalid_argument");
  EXPECT_EQ(text_of(parse_credentials_file("", "default")), "invalid_argument");
}

TEST(S3Credentials, credentials_come_from_the_environment_before_any_file) {
  EXPECT_EQ(text_of(load({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}, {"HOME", "/nowhere"}})), "A B ");
  EXPECT_EQ(text_of(load({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "B"}, {"AWS_SESSION_TOKEN", "C"}})),
            "A B C");
}

TEST(S3Credentials, half_a_pair_is_an_error_that_names_the_missing_half) {
  const Result<AwsCredentials> loaded = load({{"AWS_ACCESS_KEY_ID", "A"}});
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(loaded.error().detail.contains("AWS_SECRET_ACCESS_KEY is not")) << loaded.error().detail;
}

TEST(S3Credentials, credentials_come_from_the_named_file_and_profile) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/credentials";
  std::ofstream(path) << kFile;
  EXPECT_EQ(text_of(load({{"AWS_SHARED_CREDENTIALS_FILE", path}})), "AKIDONE secret/one== ");
  EXPECT_EQ(text_of(load({{"AWS_SHARED_CREDENTIALS_FILE", path}, {"AWS_PROFILE", "night"}})), "AKIDTWO two token");
}

TEST(S3Credentials, missing_credentials_are_an_error_that_says_where_they_may_be) {
  const Result<AwsCredentials> loaded = load({{"HOME", "/nowhere"}});
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(loaded.error().detail.contains("AWS_ACCESS_KEY_ID")) << loaded.error().detail;
  EXPECT_TRUE(loaded.error().detail.contains("/nowhere/.aws/credentials")) << loaded.error().detail;
}

}  // namespace
}  // namespace tapedeck::s3

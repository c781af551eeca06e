#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/blobs/s3/real_servers.hpp"
#include "tests/blobs/s3/store_fixture.hpp"
#include "tests/contract/blob_store_fixture.hpp"
#include "tests/fakes/child_process.hpp"

// What we wrote, read by clients of other people.

namespace tapedeck {
namespace {

using contract::put_blob;
using contract::sample_bytes;
using contract::sample_key;

// Debian's: another one on the path may be of any version.
constexpr const char* kAws = "/usr/bin/aws";
constexpr const char* kRclone = "/usr/bin/rclone";

class SwiftClients : public testing::TestWithParam<s3::UploadSizes> {
 protected:
  SwiftClients() { put_blob(real_.store(), sample_key(), bytes_); }

  [[nodiscard]] std::string object() const { return location_.prefix + sample_key(); }
  [[nodiscard]] std::string file() const { return folder_.path() + "/got"; }
  [[nodiscard]] std::string got() const {
    std::ostringstream text;
    text << std::ifstream(file(), std::ios::binary).rdbuf();
    return text.str();
  }

  // What the program prints.
  [[nodiscard]] std::string run(std::vector<std::string> words,
                                const std::vector<std::pair<std::string, std::string>>& environment) const {
    ChildProcess program(std::move(words), folder_.path() + "/output", environment);
    program.wait();
    return program.output();
  }
  [[nodiscard]] std::string aws(std::vector<std::string> words) const {
    words.insert(words.begin(), {kAws, "--endpoint-url", endpoint_text(location_.endpoint), "s3api"});
    words.insert(words.end(), {"--bucket", kRealBucket, "--key", object()});
    return run(std::move(words), {{"AWS_ACCESS_KEY_ID", swift_credentials().access_key_id},
                                  {"AWS_SECRET_ACCESS_KEY", swift_credentials().secret_access_key},
                                  {"AWS_DEFAULT_REGION", location_.region},
                                  {"AWS_CONFIG_FILE", "/dev/null"},
                                  {"AWS_EC2_METADATA_DISABLED", "true"}});
  }
  [[nodiscard]] std::string rclone(std::vector<std::string> words) const {
    words.insert(words.begin(), kRclone);
    // An AWS_CA_BUNDLE of the machine would keep this version of rclone from starting at all.
    return run(std::move(words), {{"AWS_CA_BUNDLE", ""},
                                  {"RCLONE_CONFIG", "/dev/null"},
                                  {"RCLONE_CONFIG_STORE_TYPE", "s3"},
                                  {"RCLONE_CONFIG_STORE_PROVIDER", "Other"},
                                  {"RCLONE_CONFIG_STORE_REGION", location_.region},
                                  {"RCLONE_CONFIG_STORE_ENDPOINT", endpoint_text(location_.endpoint)},
                                  {"RCLONE_CONFIG_STORE_ACCESS_KEY_ID", swift_credentials().access_key_id},
                                  {"RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY", swift_credentials().secret_access_key}});
  }

  const std::string bytes_ = sample_bytes(250'001);
  const std::string url_ = fresh_swift_url();
  const s3::Location location_ = s3::parse_location(url_, "").value();
  TemporaryFolder folder_;
  RealStore real_{url_, swift_credentials(), GetParam()};
};

TEST_P(SwiftClients, aws_reads_the_same_bytes_type_and_hash) {
  const std::string told = aws({"get-object", file()});
  EXPECT_TRUE(got() == bytes_);
  EXPECT_TRUE(told.contains(R"("ContentType": "audio/mpeg")")) << told;
  EXPECT_TRUE(told.contains("\"sha256\": \"" + sha256_hex(bytes_) + "\"")) << told;
  EXPECT_TRUE(told.contains("\"ContentLength\": 250001")) << told;
}

TEST_P(SwiftClients, rclone_reads_the_same_bytes_type_and_hash) {
  const std::string remote = std::string("store:") + kRealBucket + "/" + object();
  (void)rclone({"copyto", remote, file()});
  EXPECT_TRUE(got() == bytes_);
  const std::string told = rclone({"lsjson", "--metadata", remote});
  EXPECT_TRUE(told.contains(R"("MimeType":"audio/mpeg")")) << told;
  EXPECT_TRUE(told.contains("\"sha256\":\"" + sha256_hex(bytes_) + "\"")) << told;
  EXPECT_TRUE(told.contains("\"Size\":250001")) << told;
}

INSTANTIATE_TEST_SUITE_P(Uploads, SwiftClients,
                         testing::Values(s3::UploadSizes{},
                                         s3::UploadSizes{.single_put_max = 0, .part_bytes = 100'000}),
                         [](const auto& test) { return test.index == 0 ? "whole" : "in_parts"; });

}  // namespace
}  // namespace tapedeck

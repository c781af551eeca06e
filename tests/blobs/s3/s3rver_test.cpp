#include <gtest/gtest.h>

#include "tests/blobs/s3/real_servers.hpp"
#include "tests/blobs/s3/store_fixture.hpp"
#include "tests/contract/blob_store_fixture.hpp"

// What s3rver shows beyond the contract (contract_test.cpp).

namespace tapedeck {
namespace {

using contract::content_of;
using contract::put_blob;
using contract::sample_bytes;
using contract::sample_key;

TEST(S3rver, gives_the_bytes_with_their_type_to_the_holder_of_a_link) {
  RealStore real(fresh_s3rver_url(), s3rver_credentials(), {});
  put_blob(real.store(), sample_key(), "bytes");
  const std::string link = real.store().link(sample_key(), Seconds{60}).value();
  EXPECT_TRUE(link.contains("X-Amz-Expires=60")) << link;
  EXPECT_EQ(fetch_text(link), "200 audio/mpeg bytes");
}

TEST(S3rver, does_not_know_a_wrong_id_and_the_error_says_so_without_the_secret) {
  RealStore real(fresh_s3rver_url(), {"NOBODY", "hidden", ""}, {});
  const Result<void> ping = run_task(real.store().ping());
  ASSERT_FALSE(ping);
  EXPECT_TRUE(ping.error().detail.contains("AWS_ACCESS_KEY_ID")) << ping.error().detail;
  EXPECT_FALSE(ping.error().detail.contains("hidden")) << ping.error().detail;
}

TEST(S3rver, has_no_such_bucket_and_the_error_names_it) {
  std::string url = fresh_s3rver_url();
  url.replace(5, std::string(kRealBucket).size(), "elsewhere");
  RealStore real(url, s3rver_credentials(), {});
  const Result<void> ping = run_task(real.store().ping());
  ASSERT_FALSE(ping);
  EXPECT_TRUE(ping.error().detail.contains("no bucket elsewhere")) << ping.error().detail;
}

TEST(S3rver, keeps_a_recording_that_went_through_the_spools_file) {
  RealStore real(fresh_s3rver_url(), s3rver_credentials(), {});
  const std::string bytes = sample_bytes(3'000'000);
  put_blob(real.store(), sample_key(), bytes);
  EXPECT_TRUE(content_of(real.store(), sample_key()) == bytes);
}

}  // namespace
}  // namespace tapedeck

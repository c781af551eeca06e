#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/adapters/s3/store_fixture.hpp"
#include "tests/contract/blob_store_contract.hpp"
#include "tests/fakes/s3rver_process.hpp"

// The contract on s3rver. What it cannot show (see S3rverProcess) the scripted tests beside this one do.

namespace tapedeck {
namespace {

using contract::BlobKind;
using contract::content_of;
using contract::put_blob;
using contract::sample_bytes;
using contract::sample_key;

// All tests share one, each with a prefix of its own.
std::string fresh_url(const std::string& options = "") {
  static const S3rverProcess server(S3RVER_SCRIPT);
  static int subjects = 0;
  return "s3://" + std::string(S3rverProcess::kBucket) + "/test-" + std::to_string(++subjects) +
         "?endpoint=" + server.url() + options;
}

AwsCredentials credentials() { return {S3rverProcess::kSecret, S3rverProcess::kSecret, ""}; }

class S3rverSubject final : public contract::BlobSubject {
 public:
  explicit S3rverSubject(s3::UploadSizes sizes) : real_(fresh_url(), credentials(), sizes) {}
  BlobStore& store() override { return real_.store(); }
  void settle() override {}  // nothing is done behind the caller's back

 private:
  RealStore real_;
};

std::unique_ptr<contract::BlobSubject> make_subject() { return std::make_unique<S3rverSubject>(s3::UploadSizes{}); }

// Smaller parts than S3 would have.
std::unique_ptr<contract::BlobSubject> make_subject_in_parts() {
  return std::make_unique<S3rverSubject>(s3::UploadSizes{.single_put_max = 0, .part_bytes = 100'000});
}

constexpr contract::BlobTraits kTraits{.replaces_other_bytes = true, .keeps_open_bytes = false};

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(S3rver, BlobStoreContract,
                         testing::Values(BlobKind{"whole", make_subject, kTraits},
                                         BlobKind{"in parts", make_subject_in_parts, kTraits}));
}

namespace {

TEST(S3rver, gives_whoever_holds_a_link_the_bytes_with_their_type) {
  RealStore real(fresh_url(), credentials(), {});
  put_blob(real.store(), sample_key(), "bytes");
  const std::string link = real.store().link(sample_key(), Seconds{60}).value();
  EXPECT_TRUE(link.contains("X-Amz-Expires=60")) << link;
  CurlClient client;
  CurlRequest request;
  request.url = parse_url(link).value();
  request.may_be_private = true;
  const std::unique_ptr<CurlTransfer> transfer = client.start(std::move(request));
  const CurlResult<CurlHead> head = run_task(transfer->head());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->find("content-type"), "audio/mpeg");
  EXPECT_EQ(run_task(transfer->read()).value(), "bytes");
}

TEST(S3rver, does_not_know_a_wrong_id_and_the_error_says_so_without_the_secret) {
  RealStore real(fresh_url(), {"NOBODY", "hidden", ""}, {});
  const Result<void> ping = run_task(real.store().ping());
  ASSERT_FALSE(ping);
  EXPECT_TRUE(ping.error().detail.contains("AWS_ACCESS_KEY_ID")) << ping.error().detail;
  EXPECT_FALSE(ping.error().detail.contains("hidden")) << ping.error().detail;
}

TEST(S3rver, has_no_such_bucket_and_the_error_names_it) {
  std::string url = fresh_url();
  url.replace(5, std::string(S3rverProcess::kBucket).size(), "elsewhere");
  RealStore real(url, credentials(), {});
  const Result<void> ping = run_task(real.store().ping());
  ASSERT_FALSE(ping);
  EXPECT_TRUE(ping.error().detail.contains("no bucket elsewhere")) << ping.error().detail;
}

TEST(S3rver, keeps_a_recording_that_went_through_the_spool_s_file) {
  RealStore real(fresh_url(), credentials(), {});
  const std::string bytes = sample_bytes(3'000'000);
  put_blob(real.store(), sample_key(), bytes);
  EXPECT_TRUE(content_of(real.store(), sample_key()) == bytes);
}

}  // namespace
}  // namespace tapedeck

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/blobs/s3/real_servers.hpp"
#include "tests/blobs/s3/store_fixture.hpp"
#include "tests/contract/blob_store_fixture.hpp"
#include "tests/fakes/swift_process.hpp"

// What Swift shows beyond the contract (contract_test.cpp): it looks at signatures and hashes.

namespace tapedeck {
namespace {

using contract::content_of;
using contract::put_blob;
using contract::sample_bytes;
using contract::sample_key;

TEST(Swift, refuses_a_wrong_secret_and_the_error_names_the_setting_without_it) {
  RealStore real(fresh_swift_url(), {SwiftProcess::kAccessKey, "hidden", ""}, {});
  const Result<void> ping = run_task(real.store().ping());
  ASSERT_FALSE(ping);
  EXPECT_TRUE(ping.error().detail.contains("AWS_SECRET_ACCESS_KEY")) << ping.error().detail;
  EXPECT_FALSE(ping.error().detail.contains("hidden")) << ping.error().detail;
}

TEST(Swift, names_its_region_if_the_setting_is_wrong) {
  RealStore real(fresh_swift_url() + "&region=eu-west-1", swift_credentials(), {});
  put_blob(real.store(), sample_key(), "bytes");
  EXPECT_EQ(content_of(real.store(), sample_key()), "bytes");
}

TEST(Swift, gives_the_bytes_to_the_holder_of_a_link_and_to_nobody_else) {
  RealStore real(fresh_swift_url(), swift_credentials(), {});
  put_blob(real.store(), sample_key(), "bytes");
  const std::string link = real.store().link(sample_key(), Seconds{60}).value();
  EXPECT_EQ(fetch_text(link), "200 audio/mpeg bytes");
  std::string forged = link;
  forged.replace(forged.find("X-Amz-Expires=60"), 16, "X-Amz-Expires=90");
  EXPECT_TRUE(fetch_text(forged).starts_with("403 ")) << fetch_text(forged);
}

TEST(Swift, lists_unfinished_uploads_and_they_are_aborted) {
  const std::string url = fresh_swift_url();
  RealConnection interrupted(url, swift_credentials());
  s3::Call begin;
  begin.method = CurlMethod::kPost;
  begin.key = sample_key();
  begin.query = {{"uploads", ""}};
  ASSERT_TRUE(run_task(interrupted.connection().exchange(begin)));
  begin.key = "holiday.mp4";
  ASSERT_TRUE(run_task(interrupted.connection().exchange(begin)));
  RealStore real(url, swift_credentials(), {});
  EXPECT_EQ(run_task(real.store().collect_leftovers()).value(), 1);
  EXPECT_EQ(run_task(real.store().collect_leftovers()).value(), 0);
}

TEST(Swift, refuses_bytes_that_differ_from_their_hash) {
  RealStore real(fresh_swift_url(), swift_credentials(), {});
  const std::unique_ptr<BlobWriter> writer = contract::begin_blob(real.store(), sample_key());
  ASSERT_TRUE(run_task(writer->write("bytez")));
  EXPECT_FALSE(run_task(writer->publish(contract::facts_of("bytes"), {})));
  EXPECT_EQ(content_of(real.store(), sample_key()), "missing");
}

TEST(Swift, gives_no_byte_of_another_object_than_the_named_one) {
  const std::string url = fresh_swift_url();
  RealStore store(url, swift_credentials(), {});
  put_blob(store.store(), sample_key(), "bytes");
  RealConnection real(url, swift_credentials());
  s3::Call get;
  get.key = sample_key();
  get.headers = {{"If-Match", "\"0123456789abcdef0123456789abcdef\""}};
  const Result<s3::Exchange> answer = run_task(real.connection().exchange(get));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().errc(), Errc::kConflict);
}

TEST(Swift, keeps_a_long_recording_in_parts_with_its_hash) {
  RealStore real(fresh_swift_url(), swift_credentials(), {.single_put_max = 0, .part_bytes = 100'000});
  const std::string bytes = sample_bytes(700'001);
  put_blob(real.store(), sample_key(), bytes);
  EXPECT_TRUE(content_of(real.store(), sample_key()) == bytes);
}

}  // namespace
}  // namespace tapedeck

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/blobs/s3/real_servers.hpp"
#include "tests/blobs/s3/store_fixture.hpp"
#include "tests/contract/blob_store_fixture.hpp"

// What Ceph shows beyond the contract (contract_test.cpp): conditions.

namespace tapedeck {
namespace {

using contract::content_of;
using contract::put_blob;
using contract::sample_key;

s3::Call put_if_absent(const std::string& body) {
  s3::Call call;
  call.method = CurlMethod::kPut;
  call.key = sample_key();
  call.body = body;
  call.only_if_absent = true;
  return call;
}

TEST(Ceph, refuses_to_put_under_a_key_that_is_taken) {
  RealConnection real(fresh_ceph_url(), ceph_credentials());
  EXPECT_TRUE(run_task(real.connection().exchange(put_if_absent("first"))));
  const Result<s3::Exchange> second = run_task(real.connection().exchange(put_if_absent("second")));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().errc(), Errc::kConflict);
}

TEST(Ceph, has_the_first_bytes_when_two_writers_of_one_key_publish) {
  RealStore real(fresh_ceph_url(), ceph_credentials(), {});
  const std::unique_ptr<BlobWriter> one = contract::begin_blob(real.store(), sample_key());
  const std::unique_ptr<BlobWriter> two = contract::begin_blob(real.store(), sample_key());
  ASSERT_TRUE(run_task(one->write("one")));
  ASSERT_TRUE(run_task(two->write("two")));
  EXPECT_TRUE(run_task(two->publish(contract::facts_of("two"), {})));
  const Result<void> late = run_task(one->publish(contract::facts_of("one"), {}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().errc(), Errc::kConflict);
  EXPECT_EQ(content_of(real.store(), sample_key()), "two");
}

TEST(Ceph, gives_no_byte_of_another_object_than_the_named_one) {
  const std::string url = fresh_ceph_url();
  RealStore store(url, ceph_credentials(), {});
  put_blob(store.store(), sample_key(), "bytes");
  RealConnection real(url, ceph_credentials());
  s3::Call get;
  get.key = sample_key();
  get.headers = {{"If-Match", "\"0123456789abcdef0123456789abcdef\""}};
  const Result<s3::Exchange> answer = run_task(real.connection().exchange(get));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().errc(), Errc::kConflict);
}

TEST(Ceph, lists_unfinished_uploads_and_they_are_aborted) {
  const std::string url = fresh_ceph_url();
  RealConnection interrupted(url, ceph_credentials());
  s3::Call begin;
  begin.method = CurlMethod::kPost;
  begin.key = sample_key();
  begin.query = {{"uploads", ""}};
  ASSERT_TRUE(run_task(interrupted.connection().exchange(begin)));
  RealStore real(url, ceph_credentials(), {});
  EXPECT_EQ(run_task(real.store().collect_leftovers()).value(), 1);
  EXPECT_EQ(run_task(real.store().collect_leftovers()).value(), 0);
}

TEST(Ceph, refuses_a_wrong_secret_and_the_error_names_the_setting_without_it) {
  AwsCredentials credentials = ceph_credentials();
  credentials.secret_access_key = "hidden";
  RealStore real(fresh_ceph_url(), credentials, {});
  const Result<void> ping = run_task(real.store().ping());
  ASSERT_FALSE(ping);
  EXPECT_TRUE(ping.error().detail.contains("AWS_SECRET_ACCESS_KEY")) << ping.error().detail;
  EXPECT_FALSE(ping.error().detail.contains("hidden")) << ping.error().detail;
}

TEST(Ceph, gives_the_bytes_to_the_holder_of_a_link) {
  RealStore real(fresh_ceph_url(), ceph_credentials(), {});
  put_blob(real.store(), sample_key(), "bytes");
  EXPECT_EQ(fetch_text(real.store().link(sample_key(), Seconds{60}).value()), "200 audio/mpeg bytes");
}

}  // namespace
}  // namespace tapedeck

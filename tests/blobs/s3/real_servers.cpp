#include "tests/blobs/s3/real_servers.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "tests/blobs/s3/store_fixture.hpp"
#include "tests/fakes/ceph_process.hpp"
#include "tests/fakes/s3rver_process.hpp"
#include "tests/fakes/swift_process.hpp"

namespace tapedeck {
namespace {

std::string url_of(const std::string& server_url) {
  static int subjects = 0;
  return fmt::format("s3://{}/test-{}?endpoint={}", kRealBucket, ++subjects, server_url);
}

bool make_bucket(const std::string& server_url, AwsCredentials credentials) {
  RealConnection real(url_of(server_url), std::move(credentials));
  s3::Call create;
  create.method = CurlMethod::kPut;
  const Result<s3::Exchange> created = run_task(real.connection().exchange(std::move(create)));
  if (!created) throw std::runtime_error(created.error().detail);
  return true;
}

}  // namespace

std::string fresh_s3rver_url() {
  static const S3rverProcess server(S3RVER_SCRIPT, kRealBucket);
  return url_of(server.url());
}

AwsCredentials s3rver_credentials() { return {S3rverProcess::kSecret, S3rverProcess::kSecret, ""}; }

std::string fresh_swift_url() {
  static const SwiftProcess server;
  static const bool has_bucket = make_bucket(server.url(), swift_credentials());
  (void)has_bucket;
  return url_of(server.url());
}

AwsCredentials swift_credentials() { return {SwiftProcess::kAccessKey, SwiftProcess::kSecret, ""}; }

std::string fresh_ceph_url() {
  static const CephProcess server;
  static const bool has_bucket = make_bucket(server.url(), ceph_credentials());
  (void)has_bucket;
  return url_of(server.url());
}

AwsCredentials ceph_credentials() { return {CephProcess::kAccessKey, CephProcess::kSecret, ""}; }

}  // namespace tapedeck

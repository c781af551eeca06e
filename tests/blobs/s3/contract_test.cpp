#include "tests/contract/blob_store_contract.hpp"

#include <memory>
#include <string>

#include "tests/blobs/s3/real_servers.hpp"
#include "tests/blobs/s3/store_fixture.hpp"

// The contract on three servers that have nothing in common. Of conditions on writing, s3rver knows none, Swift those
// at the end of an upload in parts, Ceph those on a PUT. Of a blob that is gone there is nothing left to read on any
// S3.

namespace tapedeck {
namespace {

using contract::BlobKind;
using contract::BlobSubject;

constexpr contract::BlobTraits kReplaces{.replaces_other_bytes = true, .keeps_open_bytes = false};
// s3rver 3.7.1 answers 500 to ListObjectsV2 as soon as there is a next page.
constexpr contract::BlobTraits kOfS3rver{
    .replaces_other_bytes = true, .lists_in_pages = false, .keeps_open_bytes = false};
constexpr contract::BlobTraits kRefuses{.replaces_other_bytes = false, .keeps_open_bytes = false};
// Smaller than S3 would have them, and everything in parts but what is empty.
constexpr s3::UploadSizes kInParts{.single_put_max = 0, .part_bytes = 100'000};

class RealSubject final : public BlobSubject {
 public:
  RealSubject(const std::string& url, AwsCredentials credentials, s3::UploadSizes sizes)
      : real_(url, std::move(credentials), sizes) {}
  BlobStore& store() override { return real_.store(); }
  void settle() override {}  // nothing is done behind the caller's back

 private:
  RealStore real_;
};

std::unique_ptr<BlobSubject> s3rver_whole() {
  return std::make_unique<RealSubject>(fresh_s3rver_url(), s3rver_credentials(), s3::UploadSizes{});
}
std::unique_ptr<BlobSubject> s3rver_in_parts() {
  return std::make_unique<RealSubject>(fresh_s3rver_url(), s3rver_credentials(), kInParts);
}
std::unique_ptr<BlobSubject> swift_whole() {
  return std::make_unique<RealSubject>(fresh_swift_url(), swift_credentials(), s3::UploadSizes{});
}
std::unique_ptr<BlobSubject> swift_in_parts() {
  return std::make_unique<RealSubject>(fresh_swift_url(), swift_credentials(), kInParts);
}

std::unique_ptr<BlobSubject> ceph_whole() {
  return std::make_unique<RealSubject>(fresh_ceph_url(), ceph_credentials(), s3::UploadSizes{});
}
std::unique_ptr<BlobSubject> ceph_in_parts() {
  return std::make_unique<RealSubject>(fresh_ceph_url(), ceph_credentials(), kInParts);
}

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(S3rver, BlobStoreContract,
                         testing::Values(BlobKind{"whole", s3rver_whole, kOfS3rver},
                                         BlobKind{"in parts", s3rver_in_parts, kOfS3rver}));
INSTANTIATE_TEST_SUITE_P(Swift, BlobStoreContract,
                         testing::Values(BlobKind{"whole", swift_whole, kReplaces},
                                         BlobKind{"in parts", swift_in_parts, kRefuses}));
INSTANTIATE_TEST_SUITE_P(Ceph, BlobStoreContract,
                         testing::Values(BlobKind{"whole", ceph_whole, kRefuses},
                                         BlobKind{"in parts", ceph_in_parts, kReplaces}));
}  // namespace contract
}  // namespace tapedeck

#pragma once

#include <memory>
#include <string>

#include "adapters/curl/client.hpp"
#include "adapters/s3/blob_store.hpp"
#include "adapters/system/system_clock.hpp"
#include "runtime/offload.hpp"
#include "tests/contract/blob_store_fixture.hpp"
#include "tests/fakes/child_process.hpp"
#include "tests/fakes/seeded_random.hpp"

namespace tapedeck {

/// A store on a real server, with all that it needs.
class RealStore {
 public:
  RealStore(const std::string& storage_url, AwsCredentials credentials, s3::UploadSizes sizes) {
    S3Options options;
    options.location = s3::parse_location(storage_url, "").value();
    options.credentials = [credentials] { return Result<AwsCredentials>(credentials); };
    options.spool_folder = folder_.path();
    options.sizes = sizes;
    options.leftover_age = Milliseconds{0};
    store_ = S3BlobStore::make({client_, clock_, random_, pool_}, std::move(options)).value();
  }

  [[nodiscard]] S3BlobStore& store() { return *store_; }

 private:
  TemporaryFolder folder_;
  OffloadPool pool_{"blobs", 2};
  CurlClient client_;
  SystemClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<S3BlobStore> store_;
};

}  // namespace tapedeck

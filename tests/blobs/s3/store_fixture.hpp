#pragma once

#include <memory>
#include <string>

#include "blobs/s3/blob_store.hpp"
#include "curl/client.hpp"
#include "runtime/offload.hpp"
#include "runtime/system_clock.hpp"
#include "tests/contract/blob_store_fixture.hpp"
#include "tests/fakes/child_process.hpp"
#include "tests/fakes/seeded_random.hpp"

namespace tapedeck {

/// What the adapter needs from the rest of a process.
struct RealParts {
  OffloadPool pool{"blobs", 2};
  CurlClient client;
  SystemClock clock;
  SeededRandom random{1};

  [[nodiscard]] s3::Connection::Parts parts() { return {client, clock, random, pool}; }
};

/// A store on a real server.
class RealStore {
 public:
  RealStore(const std::string& storage_url, AwsCredentials credentials, s3::UploadSizes sizes) {
    S3Options options;
    options.location = s3::parse_location(storage_url, "").value();
    options.credentials = [credentials] { return Result<AwsCredentials>(credentials); };
    options.spool_folder = folder_.path();
    options.sizes = sizes;
    // What began just now is old enough; some servers round its time up to the next second.
    options.leftover_age = -Seconds{2};
    store_ = S3BlobStore::make(parts_.parts(), std::move(options)).value();
  }

  [[nodiscard]] S3BlobStore& store() { return *store_; }

 private:
  TemporaryFolder folder_;
  RealParts parts_;
  std::unique_ptr<S3BlobStore> store_;
};

/// A connection to a real server, for what no store asks for.
class RealConnection {
 public:
  RealConnection(const std::string& storage_url, AwsCredentials credentials)
      : connection_(parts_.parts(), s3::parse_location(storage_url, "").value(), std::move(credentials), {},
                    s3::default_limits()) {}

  [[nodiscard]] s3::Connection& connection() { return connection_; }

 private:
  RealParts parts_;
  s3::Connection connection_;
};

/// "200 audio/mpeg bytes": what a plain GET of `url` is answered.
inline std::string fetch_text(const std::string& url) {
  CurlClient client;
  CurlRequest request;
  request.url = parse_url(url).value();
  request.may_be_private = true;
  const std::unique_ptr<CurlTransfer> transfer = client.start(std::move(request));
  const CurlResult<CurlHead> head = run_task(transfer->head());
  if (!head) return head.error().detail;
  std::string text = std::to_string(head->status) + " " + std::string(head->find("content-type").value_or("")) + " ";
  while (true) {
    const CurlResult<std::string> bytes = run_task(transfer->read());
    if (!bytes || bytes->empty()) return text;
    text += *bytes;
  }
}

}  // namespace tapedeck

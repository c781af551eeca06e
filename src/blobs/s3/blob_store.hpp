#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "blobs/blob_store.hpp"
#include "blobs/s3/connection.hpp"
#include "blobs/s3/credentials.hpp"
#include "blobs/s3/leftovers.hpp"
#include "blobs/s3/location.hpp"
#include "blobs/s3/upload.hpp"
#include "curl/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/offload.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// ping() only reads the probe object while its last write is younger than this.
inline constexpr Milliseconds kProbeWriteEvery{5 * 60'000};

struct S3Options {
  s3::Location location;                     ///< see s3::parse_location()
  s3::CredentialsSource credentials;         ///< see s3::load_credentials()
  std::string spool_folder;                  ///< an existing folder for uploads under way, with room for a few GB
  CurlLimits limits = s3::default_limits();  ///< of each request
  s3::UploadSizes sizes;
  Milliseconds leftover_age = s3::kLeftoverAge;
};

/// Blobs as objects of S3, R2 and compatible stores, each under the prefix and its key, with its type, and its SHA-256
/// as metadata. The bytes are uploaded when they are published, not before: see s3::Spool.
class S3BlobStore final : public BlobStore {
 public:
  /// Error kInvalidArgument: there are no credentials. `parts` must outlive the store, and the store its writers, blobs
  /// and readers. Blocks for reading a file at most, and sends no request.
  [[nodiscard]] static Result<std::unique_ptr<S3BlobStore>> make(s3::Connection::Parts parts, S3Options options);

  [[nodiscard]] Task<Result<std::unique_ptr<BlobWriter>>> create(std::string key) override;
  [[nodiscard]] Task<Result<std::shared_ptr<Blob>>> open(std::string key) override;
  [[nodiscard]] Task<Result<void>> remove(std::string key) override;
  [[nodiscard]] Task<Result<std::optional<std::uint64_t>>> size_of(std::string key) override;
  /// Needs the permission ListBucket below the prefix.
  [[nodiscard]] Task<Result<std::vector<BlobEntry>>> list(std::string after, int limit) override;
  [[nodiscard]] Task<Result<int>> collect_leftovers() override;
  /// Reads a small object, ".tapedeck-probe"; writes it first of all, and again every kProbeWriteEvery.
  [[nodiscard]] Task<Result<void>> ping() override;
  [[nodiscard]] std::optional<std::string> link(const std::string& key, Seconds lifetime) override;

 private:
  S3BlobStore(s3::Connection::Parts parts, S3Options options, AwsCredentials credentials);

  [[nodiscard]] Task<Result<void>> write_probe();

  S3Options options_;
  s3::Connection connection_;
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> probe_written_ms_{kNever};  // of the steady clock
};

}  // namespace tapedeck

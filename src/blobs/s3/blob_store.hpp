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

/// While a write of the probe object is as fresh as this, ping() only reads it.
inline constexpr Milliseconds kProbeWriteEvery{5 * 60'000};

struct S3Options {
  s3::Location location;                     ///< see s3::parse_location()
  s3::CredentialsSource credentials;         ///< see s3::load_credentials()
  std::string spool_folder;                  ///< an existing folder for recordings on their way, of at least a few GB
  CurlLimits limits = s3::default_limits();  ///< of each request
  s3::UploadSizes sizes;
  Milliseconds leftover_age = s3::kLeftoverAge;
};

/// Blobs as objects of S3, R2 and those who speak their protocol, each under the prefix and its key, with its type, and
/// its SHA-256 as metadata. The bytes are uploaded when they are published, not before: see s3::Spool.
class S3BlobStore final : public BlobStore {
 public:
  /// Error kInvalidArgument: there are no credentials. What is given here must outlive the store, and the store its
  /// writers, blobs and readers. Blocks for a file at most, and asks nobody.
  [[nodiscard]] static Result<std::unique_ptr<S3BlobStore>> make(s3::Connection::Parts parts, S3Options options);

  [[nodiscard]] Task<Result<std::unique_ptr<BlobWriter>>> create(std::string key) override;
  [[nodiscard]] Task<Result<std::shared_ptr<Blob>>> open(std::string key) override;
  [[nodiscard]] Task<Result<void>> remove(std::string key) override;
  [[nodiscard]] Task<Result<std::optional<std::uint64_t>>> size_of(std::string key) override;
  /// Asks for ListBucket below the prefix.
  [[nodiscard]] Task<Result<std::vector<BlobEntry>>> list(std::string after, int limit) override;
  [[nodiscard]] Task<Result<int>> collect_leftovers() override;
  /// Reads a small object of its own, ".tapedeck-probe", and writes it now and then, and first of all.
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

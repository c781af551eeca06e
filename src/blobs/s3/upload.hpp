#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "blobs/blob_store.hpp"
#include "blobs/s3/connection.hpp"
#include "blobs/s3/spool.hpp"
#include "runtime/task.hpp"

namespace tapedeck::s3 {

/// S3's limits of a multipart upload (S3 User Guide, "Amazon S3 multipart upload limits").
inline constexpr std::uint64_t kPartBytesMin = 5 * 1024 * 1024;
inline constexpr std::uint64_t kPartsMax = 10'000;

/// How an upload is cut.
struct UploadSizes {
  std::uint64_t single_put_max = 64 * 1024 * 1024;  ///< a longer one goes in parts; at most 5 GiB
  std::uint64_t part_bytes = 16 * 1024 * 1024;      ///< of each part but the last, which may be shorter
};

/// What S3 tells of an object.
struct ObjectHead {
  std::uint64_t size = 0;
  std::string etag;        ///< with its quotes
  std::string sha256_hex;  ///< of the bytes, as their writer said; empty if it said none
  std::string content_type;
};

/// Error kNotFound.
[[nodiscard]] Task<Result<ObjectHead>> head_object(Connection& connection, std::string key, std::stop_token stop = {});

/// The size of each part but the last, so that there are at most kPartsMax of them.
[[nodiscard]] std::uint64_t part_bytes_for(std::uint64_t size, std::uint64_t part_bytes);

/// Puts the spool's bytes under `key`, which must be free. It succeeds if the store then reports their length and hash,
/// whatever its answers to the upload were: answers may be lost, and an earlier try may have done it. Errors: kConflict
/// if other bytes are there; the connection's; kCancelled after `stop`, and parts that were sent stay for
/// abort_leftovers(). `connection` and `spool` must outlive the task.
[[nodiscard]] Task<Result<void>> upload(Connection& connection, Spool& spool, std::string key, BlobFacts facts,
                                        UploadSizes sizes, std::stop_token stop);

/// Removing a missing object succeeds.
[[nodiscard]] Task<Result<void>> remove_object(Connection& connection, std::string key);

/// Aborts an upload in parts, whose parts cost money until then. Aborting a missing one succeeds.
[[nodiscard]] Task<Result<void>> abort_upload(Connection& connection, std::string key, std::string upload_id);

}  // namespace tapedeck::s3

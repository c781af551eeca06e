#pragma once

#include <cstdint>
#include <string>

#include "blobs/blob_store.hpp"
#include "blobs/s3/connection.hpp"
#include "blobs/s3/spool.hpp"
#include "runtime/task.hpp"

namespace tapedeck::s3 {

/// S3's bounds of a multipart upload (S3 User Guide, "Amazon S3 multipart upload limits").
inline constexpr std::uint64_t kPartBytesMin = 5 * 1024 * 1024;
inline constexpr std::uint64_t kPartsMax = 10'000;

/// What an upload's size decides.
struct UploadSizes {
  std::uint64_t single_put_max = 64 * 1024 * 1024;  ///< what is longer goes in parts; at most 5 GiB
  std::uint64_t part_bytes = 16 * 1024 * 1024;      ///< each but the last, which may be shorter
};

/// What is kept beside an object, as S3 tells it.
struct ObjectHead {
  std::uint64_t size = 0;
  std::string etag;        ///< with its quotes
  std::string sha256_hex;  ///< of the bytes, as their writer said; empty where it said nothing
  std::string content_type;
};

/// Error kNotFound.
[[nodiscard]] Task<Result<ObjectHead>> head_object(Connection& connection, std::string key);

/// The size of each part but the last, so that there are at most kPartsMax of them.
[[nodiscard]] std::uint64_t part_bytes_for(std::uint64_t size, std::uint64_t part_bytes);

/// Puts the spool's bytes under `key`, where nothing is yet, and believes it when the store itself says that it has the
/// length and the hash: whatever the answers to the upload were, for they may be lost, and an earlier try may have done
/// it. Errors: kConflict where other bytes are there; the connection's. `connection` and `spool` must outlive the task.
[[nodiscard]] Task<Result<void>> upload(Connection& connection, Spool& spool, std::string key, BlobFacts facts,
                                        UploadSizes sizes);

/// Removing what is not there succeeds.
[[nodiscard]] Task<Result<void>> remove_object(Connection& connection, std::string key);

/// Aborts an upload in parts, so that its parts cost nothing any more. One that is not there is aborted.
[[nodiscard]] Task<Result<void>> abort_upload(Connection& connection, std::string key, std::string upload_id);

}  // namespace tapedeck::s3

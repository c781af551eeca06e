#pragma once

#include <string>
#include <vector>

#include "blobs/blob_store.hpp"
#include "blobs/s3/connection.hpp"

namespace tapedeck::s3 {

/// Most requests of one list_blobs(), if other objects lie between our blobs.
inline constexpr int kListRequestsMax = 1'000;

/// The blobs below the prefix whose keys come after `after`, as BlobStore::list() says. Errors: the connection's;
/// kUnavailable if the store's answer does not fit the request.
/// Source: docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html.
[[nodiscard]] Task<Result<std::vector<BlobEntry>>> list_blobs(Connection& connection, std::string after, int limit);

}  // namespace tapedeck::s3

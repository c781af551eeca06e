#pragma once

#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "blobs/blob_store.hpp"
#include "blobs/filesystem/file_descriptor.hpp"

namespace tapedeck {

/// The blobs below `root` whose keys come after `after`, in the order of bytes, at most `limit`; fewer than that are
/// the last ones. Blocks. Each call reads the folders on the way to `after` again, and no others before it.
[[nodiscard]] Result<std::vector<BlobEntry>> walk_blobs(const FileDescriptor& root, std::string_view after, int limit);

}  // namespace tapedeck

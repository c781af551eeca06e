#pragma once

#include <string>

#include "blobs/blob_store.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Removes a recording's blob and what is stored beside it: the waveform first, so that as long as the row names the
/// audio, what is left can be found. What is not there does no harm. Errors: the store's.
[[nodiscard]] Task<Result<void>> remove_blobs(BlobStore& blobs, std::string audio_key);

}  // namespace tapedeck

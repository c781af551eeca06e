#pragma once

#include <string>

#include "blobs/blob_store.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Removes a recording's waveform, then its audio: while the row names the audio, what is left can be found. Missing
/// blobs do no harm. Errors: the store's.
[[nodiscard]] Task<Result<void>> remove_blobs(BlobStore& blobs, std::string audio_key);

}  // namespace tapedeck

#include "blobs/blob_removal.hpp"

#include "blobs/blob_key.hpp"

namespace tapedeck {

Task<Result<void>> remove_blobs(BlobStore& blobs, std::string audio_key) {
  Result<void> peaks = co_await blobs.remove(peaks_key(audio_key));
  if (!peaks) co_return peaks;
  Result<void> audio = co_await blobs.remove(std::move(audio_key));
  co_return audio;
}

}  // namespace tapedeck

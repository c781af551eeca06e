#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "app/progress.hpp"
#include "base/sha256_stream.hpp"
#include "blobs/blob_store.hpp"
#include "media/audio_check.hpp"
#include "provider/recording_source.hpp"

namespace tapedeck {

/// Takes the bytes of a fetch: checks, hashes and writes them, and reports its progress.
class MediaSink final : public FetchSink {
 public:
  /// Called with the progress after each chunk.
  using Watcher = std::function<void(Progress)>;

  MediaSink(BlobWriter& writer, AudioKind expected, Watcher written)
      : writer_(writer), expected_(expected), watcher_(std::move(written)) {}

  [[nodiscard]] Task<Result<void>> start(FetchHead head) override;
  [[nodiscard]] Task<Result<void>> write(std::string chunk) override;

  /// To be called after the fetch has succeeded. Errors: kMedia… if the bytes are not the whole recording.
  [[nodiscard]] Result<CheckedAudio> finish() const;
  [[nodiscard]] std::string sha256_hex() { return digest_.finish_hex(); }

 private:
  BlobWriter& writer_;
  AudioKind expected_;
  Watcher watcher_;
  std::optional<AudioCheck> check_;
  Sha256Stream digest_;
  Progress progress_;
};

}  // namespace tapedeck

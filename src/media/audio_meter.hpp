#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "blobs/blob_store.hpp"
#include "domain/audio_measure.hpp"
#include "media/peaks.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// The result of decoding a whole recording.
struct MeasuredAudio {
  AudioMeasure measure;
  Peaks peaks;
};

/// Decodes recordings. Thread-safe.
class AudioMeter {
 public:
  virtual ~AudioMeter() = default;
  /// Decodes `blob`, of type `content_type` ("audio/mpeg" or "audio/wav"), from front to back, off the caller's event
  /// loop and in bounded memory. Errors: kMediaNotAudio, kMediaTruncated, kMediaEmpty if it cannot be decoded;
  /// kCancelled after `stop`; those of reading the blob. Sound that breaks off in the middle is measured up to there.
  [[nodiscard]] virtual Task<Result<MeasuredAudio>> measure(std::shared_ptr<Blob> blob, std::string content_type,
                                                            std::stop_token stop) = 0;
};

}  // namespace tapedeck

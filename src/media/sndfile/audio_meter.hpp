#pragma once

#include <cstddef>

#include "media/audio_meter.hpp"
#include "runtime/offload.hpp"

namespace tapedeck {

/// Decodes by libsndfile and libmpg123, over a blob wherever it is kept. Each measure takes one thread of its own
/// at a low priority, and under 1 MB: what plays and what downloads goes first.
class SndfileAudioMeter final : public AudioMeter {
 public:
  /// `threads`: most measures at a time; others wait.
  explicit SndfileAudioMeter(std::size_t threads);

  [[nodiscard]] Task<Result<MeasuredAudio>> measure(std::shared_ptr<Blob> blob, std::string content_type,
                                                    std::stop_token stop) override;

 private:
  OffloadPool pool_;
};

}  // namespace tapedeck

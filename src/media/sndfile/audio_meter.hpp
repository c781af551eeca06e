#pragma once

#include <cstddef>

#include "media/audio_meter.hpp"
#include "runtime/offload.hpp"

namespace tapedeck {

/// Decodes with libsndfile and libmpg123, from any blob store. Each measure takes one thread and under 1 MB. The
/// threads have a low priority, so that playing and downloading go first.
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

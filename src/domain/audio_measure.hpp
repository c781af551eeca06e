#pragma once

#include <chrono>
#include <string>

#include "base/time.hpp"

namespace tapedeck {

/// Greatest difference between the provider's duration of a recording and that of its audio. Providers round to whole
/// seconds, and an MP3 has up to 0.2 s of encoder padding at each end. A greater difference means that sound is missing
/// or that the audio is of another recording.
inline constexpr Milliseconds kDurationTolerance{2'000};

/// The facts of the audio itself, found by decoding all of it.
struct AudioMeasure {
  Milliseconds duration{0};
  int channels = 0;
  int sample_rate = 0;  ///< Hz
  std::string codec;    ///< FFmpeg's name: "mp3", "pcm_s16le"
  friend bool operator==(const AudioMeasure&, const AudioMeasure&) = default;
};

/// True when the two differ by more than kDurationTolerance. `told`: whole seconds.
[[nodiscard]] constexpr bool durations_differ(int told, Milliseconds measured) noexcept {
  const Milliseconds difference = Seconds{told} - measured;
  return difference > kDurationTolerance || difference < -kDurationTolerance;
}

}  // namespace tapedeck

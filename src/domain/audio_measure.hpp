#pragma once

#include <chrono>
#include <string>

#include "base/time.hpp"

namespace tapedeck {

/// How far what the provider says of a recording's duration may be from what is in it. Providers tell whole seconds,
/// rounded this way or that, and an MP3 has up to two tenths of a second of its encoder's own at either end; more than
/// this is sound that is missing, or another recording's.
inline constexpr Milliseconds kDurationTolerance{2'000};

/// What was found in the audio itself, by decoding all of it.
struct AudioMeasure {
  Milliseconds duration{0};
  int channels = 0;
  int sample_rate = 0;  ///< Hz
  std::string codec;    ///< as FFmpeg calls it: "mp3", "pcm_s16le"
  friend bool operator==(const AudioMeasure&, const AudioMeasure&) = default;
};

/// True when the two are further apart than kDurationTolerance. `told`: whole seconds.
[[nodiscard]] constexpr bool durations_differ(int told, Milliseconds measured) noexcept {
  const Milliseconds difference = Seconds{told} - measured;
  return difference > kDurationTolerance || difference < -kDurationTolerance;
}

}  // namespace tapedeck

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "domain/audio_measure.hpp"

namespace tapedeck {

/// Of the form of the waveform's JSON: a change of what it holds, or of how it is computed, raises it.
inline constexpr int kPeaksVersion = 1;
/// Most pairs in a waveform, for each channel; fewer only of a recording with fewer samples.
inline constexpr std::size_t kPeakPairs = 1'000;
/// Most channels that a waveform is made of.
inline constexpr int kPeakChannelsMax = 8;

/// The lowest and the highest sample of a stretch of sound, each -1 to 1.
struct Peak {
  float least = 0;
  float most = 0;
  friend bool operator==(const Peak&, const Peak&) = default;
};

/// Of each channel, from front to back, stretches of the same length.
using Peaks = std::vector<std::vector<Peak>>;

/// Takes sound of any length, not told beforehand, and keeps its peaks in a bounded space.
///
/// It fills stretches of one sample; when kStretchesMax of them are full, each becomes one with its neighbour, and the
/// next ones are twice as long. So there are always more than four times as many as are wanted in the end (once the
/// sound is that long), and those are put together to kPeakPairs, of lengths that differ by a quarter at most.
class PeakBuilder {
 public:
  /// `channels`: 1 to kPeakChannelsMax.
  explicit PeakBuilder(int channels) : channels_(static_cast<std::size_t>(channels)), open_(channels_, kNothing) {}

  /// `samples` of all channels in turn, whole rounds of them. What is not a number counts as nothing.
  void add(std::span<const float> samples);
  /// Rounds of samples so far.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] Peaks finish() const;

 private:
  static constexpr std::size_t kStretchesMax = 8'192;
  static constexpr Peak kNothing{2, -2};  // no sample is beyond

  void close_stretch();
  void halve();

  std::size_t channels_;
  std::uint64_t frames_ = 0;
  std::uint64_t stretch_frames_ = 1;
  std::uint64_t open_frames_ = 0;
  std::vector<Peak> open_;    // of each channel, of the stretch that is not full
  std::vector<Peak> closed_;  // of each full stretch, of each channel in turn
};

/// The waveform as a JSON object that wavesurfer.js takes: WaveSurfer.create({...await answer.json(), url}).
///
/// `peaks` has an array of numbers for each channel, -1 to 1, the least and the most of each stretch in turn (its
/// `peaks: Array<Float32Array | number[]>`, of which it draws the greatest magnitude for each pixel); `duration` is in
/// seconds. Beside them `version`, `channels` and `sample_rate`. About 13 kB for each channel.
/// Source: wavesurfer.js 7 and 8, src/wavesurfer.ts (WaveSurferOptions), src/decoder.ts, src/renderer-utils.ts.
[[nodiscard]] std::string peaks_json(const AudioMeasure& measure, const Peaks& peaks);

}  // namespace tapedeck

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "domain/audio_measure.hpp"

namespace tapedeck {

/// Version of the waveform's JSON: raised with every change of its content or computation.
inline constexpr int kPeaksVersion = 1;
/// Pairs in a waveform, for each channel; fewer if the recording has fewer samples.
inline constexpr std::size_t kPeakPairs = 1'000;
/// Most channels in a waveform.
inline constexpr int kPeakChannelsMax = 8;

/// The lowest and the highest sample of a stretch of sound, each from -1 to 1.
struct Peak {
  float least = 0;
  float most = 0;
  friend bool operator==(const Peak&, const Peak&) = default;
};

/// For each channel: stretches of equal length, from front to back.
using Peaks = std::vector<std::vector<Peak>>;

/// Takes sound whose length is not known beforehand, and keeps its peaks in bounded memory.
///
/// It begins with stretches of one sample. When kStretchesMax of them are full, neighbours are merged in pairs, and the
/// next ones are twice as long. So a long sound always has more than four times as many stretches as the result; those
/// are merged to kPeakPairs, whose lengths differ by a quarter at most.
class PeakBuilder {
 public:
  /// `channels`: 1 to kPeakChannelsMax.
  explicit PeakBuilder(int channels) : channels_(static_cast<std::size_t>(channels)), open_(channels_, kNothing) {}

  /// `samples` of all channels in turn, in whole rounds. NaN is ignored.
  void add(std::span<const float> samples);
  /// Rounds of samples so far.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] Peaks finish() const;

 private:
  static constexpr std::size_t kStretchesMax = 8'192;
  static constexpr Peak kNothing{2, -2};  // any sample replaces both

  void close_stretch();
  void halve();

  std::size_t channels_;
  std::uint64_t frames_ = 0;
  std::uint64_t stretch_frames_ = 1;
  std::uint64_t open_frames_ = 0;
  std::vector<Peak> open_;    // of the stretch that is not full, for each channel
  std::vector<Peak> closed_;  // of the full stretches, for each channel in turn
};

/// The waveform as a JSON object that wavesurfer.js takes: WaveSurfer.create({...await answer.json(), url}).
///
/// `peaks` has an array of numbers from -1 to 1 for each channel: the least and the most of each stretch in turn (its
/// `peaks: Array<Float32Array | number[]>`, of which it draws the greatest magnitude for each pixel). `duration` is in
/// seconds. `version`, `channels` and `sample_rate` stand beside them. About 13 kB for each channel.
/// Source: wavesurfer.js 7 and 8, src/wavesurfer.ts (WaveSurferOptions), src/decoder.ts, src/renderer-utils.ts.
[[nodiscard]] std::string peaks_json(const AudioMeasure& measure, const Peaks& peaks);

}  // namespace tapedeck

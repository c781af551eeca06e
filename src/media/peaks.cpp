#include "media/peaks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace tapedeck {
namespace {

// Three digits exceed what a screen shows, and keep the text small.
constexpr int kScale = 1'000;

void widen(Peak& peak, const Peak& other) {
  peak.least = std::min(peak.least, other.least);
  peak.most = std::max(peak.most, other.most);
}

// A comparison with NaN keeps the sample that was there.
void widen(Peak& peak, float sample) {
  peak.least = sample < peak.least ? sample : peak.least;
  peak.most = sample > peak.most ? sample : peak.most;
}

// Several accumulators at once, because each comparison depends on the one before it.
Peak peak_of(const float* samples, std::size_t count, std::size_t stride, Peak peak) {
  constexpr std::size_t kLanes = 4;
  std::array<Peak, kLanes> lanes;
  lanes.fill(peak);
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) widen(lanes[lane], samples[(i + lane) * stride]);
  }
  for (; i < count; ++i) widen(lanes[0], samples[i * stride]);
  for (const Peak& lane : lanes) widen(peak, lane);
  return peak;
}

void append_number(std::string& text, float value) {
  const auto thousandths = static_cast<int>(std::lround(std::clamp(value, -1.0F, 1.0F) * kScale));
  const int magnitude = std::abs(thousandths);
  if (thousandths < 0) text += '-';
  text += static_cast<char>('0' + magnitude / kScale);
  int rest = magnitude % kScale;
  if (rest == 0) return;
  text += '.';
  for (int unit = kScale / 10; rest > 0; rest %= unit, unit /= 10) text += static_cast<char>('0' + rest / unit);
}

}  // namespace

void PeakBuilder::add(std::span<const float> samples) {
  std::size_t left = samples.size() / channels_;
  const float* at = samples.data();
  frames_ += left;
  while (left > 0) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left, stretch_frames_ - open_frames_));
    for (std::size_t channel = 0; channel < channels_; ++channel) {
      open_[channel] = peak_of(at + channel, taken, channels_, open_[channel]);
    }
    at += taken * channels_;
    left -= taken;
    open_frames_ += taken;
    if (open_frames_ == stretch_frames_) close_stretch();
  }
}

void PeakBuilder::close_stretch() {
  closed_.insert(closed_.end(), open_.begin(), open_.end());
  open_.assign(channels_, kNothing);
  open_frames_ = 0;
  if (closed_.size() == kStretchesMax * channels_) halve();
}

void PeakBuilder::halve() {
  for (std::size_t stretch = 0; stretch < kStretchesMax / 2; ++stretch) {
    for (std::size_t channel = 0; channel < channels_; ++channel) {
      Peak peak = closed_[2 * stretch * channels_ + channel];
      widen(peak, closed_[(2 * stretch + 1) * channels_ + channel]);
      closed_[stretch * channels_ + channel] = peak;
    }
  }
  closed_.resize(kStretchesMax / 2 * channels_);
  stretch_frames_ *= 2;
}

Peaks PeakBuilder::finish() const {
  std::vector<Peak> all = closed_;
  if (open_frames_ > 0) all.insert(all.end(), open_.begin(), open_.end());
  const std::size_t stretches = all.size() / channels_;
  const std::size_t pairs = std::min(stretches, kPeakPairs);
  Peaks peaks(channels_, std::vector<Peak>(pairs, kNothing));
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      Peak& peak = peaks[channel][pair];
      const std::size_t end = (pair + 1) * stretches / pairs;
      for (std::size_t i = pair * stretches / pairs; i < end; ++i) widen(peak, all[i * channels_ + channel]);
      if (peak.least > peak.most) peak = {};
    }
  }
  return peaks;
}

std::string peaks_json(const AudioMeasure& measure, const Peaks& peaks) {
  std::string text = fmt::format(R"({{"version":{},"channels":{},"sample_rate":{},"duration":{}.{:03},"peaks":[)",
                                 kPeaksVersion, peaks.size(), measure.sample_rate, measure.duration.count() / 1'000,
                                 measure.duration.count() % 1'000);
  for (const std::vector<Peak>& channel : peaks) {
    if (&channel != peaks.data()) text += ',';
    text += '[';
    for (const Peak& peak : channel) {
      if (&peak != channel.data()) text += ',';
      append_number(text, peak.least);
      text += ',';
      append_number(text, peak.most);
    }
    text += ']';
  }
  text += "]}";
  return text;
}

}  // namespace tapedeck

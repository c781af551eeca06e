#include "media/peaks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

Peaks peaks_of(std::span<const float> samples, int channels, std::size_t step) {
  PeakBuilder builder(channels);
  const std::size_t whole = step * static_cast<std::size_t>(channels);
  for (std::size_t at = 0; at < samples.size(); at += whole) {
    builder.add(samples.subspan(at, std::min(whole, samples.size() - at)));
  }
  EXPECT_EQ(builder.frames(), samples.size() / static_cast<std::size_t>(channels));
  return builder.finish();
}

std::vector<float> noise(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> sample(-1, 1);
  std::vector<float> samples(count);
  std::ranges::generate(samples, [&] { return sample(random); });
  return samples;
}

TEST(Peaks, peaks_of_a_few_samples_are_the_samples) {
  const std::vector<float> samples{0.5F, -0.25F, 0, 1};
  EXPECT_EQ(peaks_of(samples, 1, 3), (Peaks{{{0.5F, 0.5F}, {-0.25F, -0.25F}, {0, 0}, {1, 1}}}));
  EXPECT_EQ(peaks_of(samples, 2, 1), (Peaks{{{0.5F, 0.5F}, {0, 0}}, {{-0.25F, -0.25F}, {1, 1}}}));
  EXPECT_EQ(peaks_of({}, 1, 1), Peaks{{}});
}

// Whatever the length, a thousand pairs, and no sample outside of all of them.
TEST(Peaks, peaks_of_any_length_are_a_thousand_and_hold_the_extremes) {
  for (const std::size_t frames : {999U, 1'000U, 1'001U, 8'191U, 8'192U, 8'193U, 16'384U, 100'000U, 1'234'567U}) {
    for (const int channels : {1, 2, 3}) {
      const std::vector<float> samples = noise(frames * static_cast<std::size_t>(channels), 7);
      const Peaks peaks = peaks_of(samples, channels, 4'096);
      ASSERT_EQ(peaks.size(), static_cast<std::size_t>(channels));
      for (std::size_t channel = 0; channel < peaks.size(); ++channel) {
        ASSERT_EQ(peaks[channel].size(), std::min<std::size_t>(frames, kPeakPairs)) << frames;
        float least = 2;
        float most = -2;
        for (std::size_t i = channel; i < samples.size(); i += peaks.size()) {
          least = std::min(least, samples[i]);
          most = std::max(most, samples[i]);
        }
        EXPECT_EQ(std::ranges::min(peaks[channel], {}, &Peak::least).least, least);
        EXPECT_EQ(std::ranges::max(peaks[channel], {}, &Peak::most).most, most);
      }
    }
  }
}

TEST(Peaks, peaks_do_not_depend_on_how_the_sound_is_cut) {
  const std::vector<float> samples = noise(300'000, 3);
  const Peaks peaks = peaks_of(samples, 2, 150'000);
  for (const std::size_t step : {1U, 3U, 577U, 4'096U}) EXPECT_EQ(peaks_of(samples, 2, step), peaks) << step;
}

// A click at a known moment is drawn where it was, to within a pair or two of a thousand.
TEST(Peaks, peaks_stand_where_the_sound_is) {
  for (const std::size_t frames : {5'000U, 8'000U, 77'777U, 480'000U}) {
    for (const double moment : {0.0, 0.1, 0.5, 0.77, 0.999}) {
      std::vector<float> samples(frames, 0.0F);
      samples[static_cast<std::size_t>(moment * static_cast<double>(frames))] = 1;
      const Peaks peaks = peaks_of(samples, 1, 1'000);
      const auto at = std::ranges::find(peaks[0], 1.0F, &Peak::most) - peaks[0].begin();
      EXPECT_NEAR(static_cast<double>(at), moment * 1'000, 2) << frames;
    }
  }
}

TEST(Peaks, nan_is_ignored) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(peaks_of(std::vector<float>{nan, 0.5F}, 1, 2), (Peaks{{{0, 0}, {0.5F, 0.5F}}}));
}

TEST(Peaks, peaks_are_written_in_the_form_of_wavesurfer) {
  const AudioMeasure measure{.duration = Milliseconds{61'005}, .channels = 2, .sample_rate = 8'000, .codec = "mp3"};
  const Peaks peaks{{{-1, 1}, {-0.5F, 0.25F}}, {{0, 0.0004F}, {-0.0126F, 1.7F}}};
  EXPECT_EQ(peaks_json(measure, peaks), R"({"version":1,"channels":2,"sample_rate":8000,"duration":61.005,)"
                                        R"("peaks":[[-1,1,-0.5,0.25],[0,0,-0.013,1]]})");
}

TEST(Peaks, peaks_of_the_loudest_hour_are_below_20_kilobytes_a_channel) {
  const AudioMeasure measure{.duration = Milliseconds{3'600'000}, .channels = 1, .sample_rate = 8'000, .codec = "mp3"};
  EXPECT_LT(peaks_json(measure, peaks_of(noise(1'000'000, 5), 1, 4'096)).size(), 20'000U);
}

TEST(AudioMeasure, durations_may_differ_by_two_seconds) {
  EXPECT_FALSE(durations_differ(60, Milliseconds{60'000}));
  EXPECT_FALSE(durations_differ(60, Milliseconds{58'000}));
  EXPECT_FALSE(durations_differ(60, Milliseconds{62'000}));
  EXPECT_TRUE(durations_differ(60, Milliseconds{57'999}));
  EXPECT_TRUE(durations_differ(60, Milliseconds{62'001}));
  EXPECT_FALSE(durations_differ(0, Milliseconds{500}));
}

}  // namespace
}  // namespace tapedeck

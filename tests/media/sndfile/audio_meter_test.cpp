#include "media/sndfile/audio_meter.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "runtime/run_task.hpp"
#include "tests/media/sndfile/sounds.hpp"

namespace tapedeck::sndfile {
namespace {

constexpr const char* kWavType = "audio/wav";
constexpr const char* kMpegType = "audio/mpeg";

/// Bytes that count how they are read, and that may fail.
class TextBlob final : public Blob {
 public:
  explicit TextBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const noexcept override { return bytes_.size(); }
  int file_descriptor() const noexcept override { return -1; }
  Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
    ++reads;
    if (reads > failing_after) co_return fail(Errc::kUnavailable, "the store is away");
    if (on_read) on_read();
    const std::size_t from = std::min<std::size_t>(offset, bytes_.size());
    const std::size_t count = std::min({out.size(), bytes_.size() - from, most});
    std::copy_n(reinterpret_cast<const std::byte*>(bytes_.data()) + from, count, out.begin());
    co_return count;
  }

  int reads = 0;
  int failing_after = 1'000'000;
  std::size_t most = 1'000'000'000;
  std::function<void()> on_read;

 private:
  std::string bytes_;
};

class AudioMeterTest : public ::testing::Test {
 protected:
  Result<MeasuredAudio> measure(std::shared_ptr<Blob> blob, const char* type) {
    return run_task(meter_.measure(std::move(blob), type, stop.get_token()));
  }
  Result<MeasuredAudio> measure(std::string bytes, const char* type) {
    return measure(std::make_shared<TextBlob>(std::move(bytes)), type);
  }
  static float loudest(const std::vector<Peak>& channel) { return std::ranges::max(channel, {}, &Peak::most).most; }

  std::stop_source stop;

 private:
  SndfileAudioMeter meter_{1};
};

TEST_F(AudioMeterTest, a_wav_is_measured_to_the_millisecond) {
  const auto measured = measure(Wav{.frames = 8'000 * 3 + 4}.bytes(), kWavType);
  ASSERT_TRUE(measured) << measured.error().detail;
  const AudioMeasure expected{
      .duration = Milliseconds{3'001}, .channels = 1, .sample_rate = 8'000, .codec = "pcm_s16le"};
  EXPECT_EQ(measured->measure, expected);
  ASSERT_EQ(measured->peaks.size(), 1U);
  EXPECT_EQ(measured->peaks[0].size(), kPeakPairs);
  EXPECT_NEAR(loudest(measured->peaks[0]), 0.5, 0.001);
}

TEST_F(AudioMeterTest, each_party_of_a_dual_channel_wav_has_peaks_of_its_own) {
  const auto measured = measure(Wav{.frames = 80'000, .channels = 2, .amplitude = 0.8}.bytes(), kWavType);
  ASSERT_TRUE(measured) << measured.error().detail;
  EXPECT_EQ(measured->measure.channels, 2);
  EXPECT_EQ(measured->measure.duration, Milliseconds{10'000});
  ASSERT_EQ(measured->peaks.size(), 2U);
  EXPECT_NEAR(loudest(measured->peaks[0]), 0.8, 0.001);
  EXPECT_NEAR(loudest(measured->peaks[1]), 0.4, 0.001);
}

TEST_F(AudioMeterTest, a_wav_is_measured_by_its_bytes_whatever_its_header_says) {
  const std::string list = "LIST" + little_endian(5, 4) + "INFOx" + std::string(1, '\0');
  const Wav wavs[] = {
      {.before_data = list},
      {.after_data = list},
      {.told_bytes = 0, .told_riff_bytes = 0},
      {.told_bytes = 0, .told_riff_bytes = 0xFFFFFFFF},
      {.told_bytes = 0xFFFFFFFF, .told_riff_bytes = 0xFFFFFFFF},
      {.told_bytes = 0xFFFFFFFF},
      {.told_bytes = 900'000},
      {.before_data = repeated(list, 400), .told_bytes = 0, .told_riff_bytes = 8},
  };
  for (const Wav& wav : wavs) {
    const auto measured = measure(wav.bytes(), kWavType);
    ASSERT_TRUE(measured) << wav.told_bytes << ": " << measured.error().detail;
    EXPECT_EQ(measured->measure.duration, Milliseconds{1'000}) << wav.told_bytes;
    EXPECT_NEAR(loudest(measured->peaks[0]), 0.5, 0.001);
  }
}

TEST_F(AudioMeterTest, an_mp3_is_measured_by_its_frames) {
  const auto measured = measure(repeated(mpeg_frame(32), 100), kMpegType);
  ASSERT_TRUE(measured) << measured.error().detail;
  const AudioMeasure expected{.duration = Milliseconds{7'200}, .channels = 1, .sample_rate = 8'000, .codec = "mp3"};
  EXPECT_EQ(measured->measure, expected);
  EXPECT_EQ(measure(repeated(mpeg_frame(32, 2), 100), kMpegType)->measure.channels, 2);
}

// libmpg123 guesses the length from the first frames, and libsndfile stops at it: a quarter of this one.
TEST_F(AudioMeterTest, an_mp3_whose_frames_shrink_is_measured_to_its_end) {
  const auto measured = measure(repeated(mpeg_frame(32), 20) + repeated(mpeg_frame(8), 480), kMpegType);
  ASSERT_TRUE(measured) << measured.error().detail;
  EXPECT_EQ(measured->measure.duration, Milliseconds{36'000});
}

TEST_F(AudioMeterTest, tags_before_and_after_an_mp3_do_not_count) {
  const std::string frames = repeated(mpeg_frame(32), 100);
  const std::string tag = std::string("ID3\x04\0\0\0\0\x01\x00", 10) + std::string(128, 'x');
  const std::string old_tag = "TAG" + std::string(125, ' ');
  EXPECT_EQ(measure(tag + frames, kMpegType)->measure.duration, Milliseconds{7'200});
  EXPECT_EQ(measure(frames + old_tag, kMpegType)->measure.duration, Milliseconds{7'200});
}

TEST_F(AudioMeterTest, a_long_recording_is_read_once_in_large_pieces) {
  const std::string bytes = Wav{.frames = 2'000'000}.bytes();
  const auto blob = std::make_shared<TextBlob>(bytes);
  ASSERT_TRUE(measure(blob, kWavType));
  EXPECT_LE(blob->reads, 20);
  const auto crumbs = std::make_shared<TextBlob>(bytes);
  crumbs->most = 4'000;
  EXPECT_EQ(measure(crumbs, kWavType)->measure.duration, Milliseconds{250'000});
  const auto mpeg = std::make_shared<TextBlob>(repeated(mpeg_frame(32), 10'000));
  EXPECT_EQ(measure(mpeg, kMpegType)->measure.duration, Milliseconds{720'000});
  EXPECT_LE(mpeg->reads, 15);
}

TEST_F(AudioMeterTest, a_file_without_sound_is_refused_with_the_reason) {
  struct BadCase {
    std::string bytes;
    const char* type;
    Errc error;
  };
  const BadCase cases[] = {
      {"", kWavType, Errc::kMediaTruncated},
      {"<?xml version='1.0'?><Error/>", kWavType, Errc::kMediaNotAudio},
      {Wav{.frames = 0}.bytes(), kWavType, Errc::kMediaEmpty},
      {Wav{.frames = 10, .channels = 9}.bytes(), kWavType, Errc::kMediaNotAudio},
      {"", kMpegType, Errc::kMediaNotAudio},
      {std::string(10'000, '\0'), kMpegType, Errc::kMediaNotAudio},
      {std::string("ID3\x04\0\0\x7f\x7f\x7f\x7f", 10) + "x", kMpegType, Errc::kMediaNotAudio},
  };
  for (const BadCase& bad : cases) {
    const auto measured = measure(bad.bytes, bad.type);
    ASSERT_FALSE(measured);
    EXPECT_EQ(measured.error().errc(), bad.error) << measured.error().detail;
    EXPECT_FALSE(measured.error().detail.empty());
  }
}

TEST_F(AudioMeterTest, a_store_that_fails_is_not_taken_for_the_end) {
  for (const int after : {0, 1, 2, 4}) {
    const auto blob = std::make_shared<TextBlob>(Wav{.frames = 2'000'000}.bytes());
    blob->failing_after = after;
    const auto measured = measure(blob, kWavType);
    ASSERT_FALSE(measured) << after;
    EXPECT_EQ(measured.error().errc(), Errc::kUnavailable) << after;
  }
}

TEST_F(AudioMeterTest, decoding_stops_when_told_to) {
  const auto blob = std::make_shared<TextBlob>(Wav{.frames = 2'000'000}.bytes());
  blob->on_read = [this, &blob] {
    if (blob->reads == 3) stop.request_stop();
  };
  const auto measured = measure(blob, kWavType);
  ASSERT_FALSE(measured);
  EXPECT_EQ(measured.error().errc(), Errc::kCancelled);
  EXPECT_LE(blob->reads, 4);
}

// Not a fuzzer, but its shape: what a disk or a provider may make of good files.
TEST_F(AudioMeterTest, decoding_damaged_bytes_comes_to_an_end) {
  const char* given = std::getenv("TAPEDECK_SEED");
  const auto seed = given != nullptr ? static_cast<std::uint32_t>(std::atoll(given)) : std::random_device()();
  SCOPED_TRACE(testing::Message() << "TAPEDECK_SEED=" << seed);
  std::mt19937 random(seed);
  const std::string wav = Wav{.frames = 3'000, .channels = 2}.bytes();
  const std::string mpeg = repeated(mpeg_frame(32), 10) + repeated(mpeg_frame(16), 20);
  for (int run = 0; run < 400; ++run) {
    const bool is_mpeg = run % 2 == 0;
    std::string bytes = is_mpeg ? mpeg : wav;
    for (auto changes = random() % 8; changes > 0; --changes) {
      const std::size_t at = random() % (changes % 2 == 0 ? bytes.size() : 60);
      bytes[at] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    const auto measured = measure(bytes, is_mpeg ? kMpegType : kWavType);
    if (!measured) continue;
    EXPECT_GT(measured->measure.channels, 0);
    EXPECT_GT(measured->measure.sample_rate, 0);
    EXPECT_EQ(measured->peaks.size(), static_cast<std::size_t>(measured->measure.channels));
  }
}

}  // namespace
}  // namespace tapedeck::sndfile

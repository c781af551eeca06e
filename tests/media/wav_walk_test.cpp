#include "media/wav_walk.hpp"

#include <array>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

std::string bytes_32(std::uint32_t value) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>((value >> shift) & 0xFFU);
  return text;
}
std::string bytes_16(std::uint32_t value) { return bytes_32(value).substr(0, 2); }

std::string chunk(const std::string& name, const std::string& contents, std::optional<std::uint32_t> told = {}) {
  std::string text = name + bytes_32(told.value_or(static_cast<std::uint32_t>(contents.size()))) + contents;
  if (contents.size() % 2 == 1) text += '\0';
  return text;
}

std::string format(int tag = 1, int channels = 1, std::uint32_t rate = 8'000, int bits = 16) {
  const auto block = static_cast<std::uint32_t>(channels * bits / 8);
  return bytes_16(static_cast<std::uint32_t>(tag)) + bytes_16(static_cast<std::uint32_t>(channels)) + bytes_32(rate) +
         bytes_32(rate * block) + bytes_16(block) + bytes_16(static_cast<std::uint32_t>(bits));
}

std::string extensible(int subtag, bool known_guid) {
  const std::string guid_tail("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71", 14);
  return format(0xFFFE, 2) + bytes_16(22) + bytes_16(16) + bytes_32(3) + bytes_16(static_cast<std::uint32_t>(subtag)) +
         (known_guid ? guid_tail : std::string(14, 'x'));
}

std::string riff(const std::string& chunks, std::optional<std::uint32_t> told = {}) {
  return "RIFF" + bytes_32(told.value_or(static_cast<std::uint32_t>(chunks.size() + 4))) + "WAVE" + chunks;
}

Result<WavDescription> walk(const std::string& file) {
  WavWalk walk(file.size());
  int parts = 0;
  while (const auto part = walk.wanted()) {
    EXPECT_LE(part->length, 40U);
    EXPECT_LE(part->offset, file.size());
    EXPECT_LT(++parts, 2 * kWavChunksMax) << "the walk does not end";
    walk.give(std::string_view(file).substr(part->offset, part->length));
    if (parts > 2 * kWavChunksMax) break;
  }
  return walk.result();
}

const std::string kSound(1'000, 's');
constexpr std::uint32_t kUnknown = 0xFFFFFFFF;

struct GoodCase {
  std::string name;
  std::string file;
  std::uint64_t data_offset;
  std::uint64_t data_bytes;
  WavDataSize data_size = WavDataSize::kTold;
};

TEST(WavWalk, the_walk_finds_the_sound_wherever_it_is) {
  const std::string fmt = chunk("fmt ", format());
  const GoodCase cases[] = {
      {"the plainest", riff(fmt + chunk("data", kSound)), 44, 1'000},
      {"a longer fmt", riff(chunk("fmt ", format() + bytes_16(0)) + chunk("data", kSound)), 46, 1'000},
      {"an odd fmt is padded", riff(chunk("fmt ", format() + "x") + chunk("data", kSound)), 46, 1'000},
      {"LIST before the sound", riff(fmt + chunk("LIST", "INFOISFT....Lavf") + chunk("data", kSound)), 68, 1'000},
      {"an odd chunk is padded", riff(fmt + chunk("LIST", "INFO1") + chunk("data", kSound)), 58, 1'000},
      {"LIST before fmt", riff(chunk("LIST", "INFO") + fmt + chunk("data", kSound)), 56, 1'000},
      {"chunks after the sound", riff(fmt + chunk("data", kSound) + chunk("LIST", "INFO")), 44, 1'000},
      {"a second fmt is not minded", riff(fmt + chunk("fmt ", format(1, 2)) + chunk("data", kSound)), 68, 1'000},
      {"a data size of 0, streamed", riff(fmt + chunk("data", kSound, 0), 0), 44, 1'000, WavDataSize::kNotTold},
      {"a data size of 0, both unknown", riff(fmt + chunk("data", kSound, 0), kUnknown), 44, 1'000,
       WavDataSize::kNotTold},
      {"a data size of 0xFFFFFFFF", riff(fmt + chunk("data", kSound, kUnknown), kUnknown), 44, 1'000,
       WavDataSize::kNotTold},
      {"0xFFFFFFFF in a file that tells its length", riff(fmt + chunk("data", kSound, kUnknown)), 44, 1'000,
       WavDataSize::kNotTold},
      {"truncated sound", riff(fmt + chunk("data", kSound, 5'000), 5'036), 44, 1'000, WavDataSize::kTruncated},
      {"a half block at the end", riff(fmt + chunk("data", kSound + "x")), 44, 1'000},
      {"a size of sox into a pipe", riff(fmt + chunk("data", kSound, 0x7FFFF000), 0x7FFFF024), 44, 1'000,
       WavDataSize::kTruncated},
  };
  for (const GoodCase& good : cases) {
    const auto wav = walk(good.file);
    ASSERT_TRUE(wav) << good.name << ": " << wav.error().detail;
    EXPECT_EQ(wav->data_offset, good.data_offset) << good.name;
    EXPECT_EQ(wav->data_bytes, good.data_bytes) << good.name;
    EXPECT_EQ(wav->data_size, good.data_size) << good.name;
    EXPECT_EQ(wav->channels, 1) << good.name;
    EXPECT_EQ(wav->sample_rate, 8'000U) << good.name;
    EXPECT_EQ(good.file.substr(wav->data_offset, 3), "sss") << good.name;
  }
}

TEST(WavWalk, the_walk_describes_the_format) {
  struct FormatCase {
    std::string contents;
    std::uint16_t tag;
    int channels;
    int bits;
    std::string codec;
  };
  const FormatCase cases[] = {
      {format(), 1, 1, 16, "pcm_s16le"},
      {format(1, 2), 1, 2, 16, "pcm_s16le"},
      {format(1, 1, 8'000, 8), 1, 1, 8, "pcm_u8"},
      {format(1, 2, 48'000, 24), 1, 2, 24, "pcm_s24le"},
      {format(3, 2, 16'000, 32), 3, 2, 32, "pcm_f32le"},
      {format(6, 1, 8'000, 8), 6, 1, 8, "pcm_alaw"},
      {format(7, 2, 8'000, 8), 7, 2, 8, "pcm_mulaw"},
      {format(0x31, 1, 8'000, 16), 0x31, 1, 16, "wav_0x0031"},
      {extensible(1, true), 1, 2, 16, "pcm_s16le"},
      {extensible(7, true), 7, 2, 16, "pcm_mulaw"},
      {extensible(1, false), 0xFFFE, 2, 16, "wav_0xfffe"},
      {format(0xFFFE, 2), 0xFFFE, 2, 16, "wav_0xfffe"},  // too short for what it says
  };
  for (const FormatCase& one : cases) {
    const auto wav = walk(riff(chunk("fmt ", one.contents) + chunk("data", std::string(960, 's'))));
    ASSERT_TRUE(wav) << one.codec << ": " << wav.error().detail;
    EXPECT_EQ(wav->format_tag, one.tag) << one.codec;
    EXPECT_EQ(wav->channels, one.channels) << one.codec;
    EXPECT_EQ(wav->bits_per_sample, one.bits) << one.codec;
    EXPECT_EQ(wav_codec_name(*wav), one.codec);
    EXPECT_EQ(wav->format_offset, 20U);
    EXPECT_EQ(wav->format_bytes, one.contents.size());
  }
}

TEST(WavWalk, a_file_without_sound_is_refused) {
  const std::string fmt = chunk("fmt ", format());
  std::string many;
  for (int i = 0; i <= kWavChunksMax; ++i) many += chunk("JUNK", "");
  struct BadCase {
    std::string name;
    std::string file;
    Errc error;
  };
  const BadCase cases[] = {
      {"nothing", "", Errc::kMediaTruncated},
      {"half a header", "RIFF1234WA", Errc::kMediaTruncated},
      {"an MP3", std::string("ID3\x04") + std::string(100, '\0'), Errc::kMediaNotAudio},
      {"an AVI", "RIFF" + bytes_32(100) + "AVI " + std::string(100, 'x'), Errc::kMediaNotAudio},
      {"no chunk", riff(""), Errc::kMediaEmpty},
      {"no data chunk", riff(fmt), Errc::kMediaEmpty},
      {"a data chunk without sound", riff(fmt + chunk("data", "")), Errc::kMediaEmpty},
      {"a true 0, and a LIST behind it", riff(fmt + chunk("data", "") + chunk("LIST", "INFO")), Errc::kMediaEmpty},
      {"less than a block", riff(fmt + chunk("data", "s")), Errc::kMediaEmpty},
      {"an end inside a chunk's header", riff(fmt + "dat", 1'000), Errc::kMediaTruncated},
      {"an end inside fmt", riff(chunk("fmt ", "1234567", 16), 1'000), Errc::kMediaTruncated},
      {"a chunk that reaches beyond the end", riff(fmt + chunk("LIST", "INFO", 5'000), 9'000), Errc::kMediaTruncated},
      {"a chunk of 4 GiB", riff(fmt + chunk("LIST", "INFO", kUnknown), kUnknown), Errc::kMediaTruncated},
      {"sound before its format", riff(chunk("data", kSound) + fmt), Errc::kMediaNotAudio},
      {"a short fmt", riff(chunk("fmt ", "12345678") + chunk("data", kSound)), Errc::kMediaNotAudio},
      {"a huge fmt", riff(chunk("fmt ", std::string(5'000, 'x')) + chunk("data", kSound)), Errc::kMediaNotAudio},
      {"no channels", riff(chunk("fmt ", format(1, 0)) + chunk("data", kSound)), Errc::kMediaNotAudio},
      {"no rate", riff(chunk("fmt ", format(1, 1, 0)) + chunk("data", kSound)), Errc::kMediaNotAudio},
      {"chunks without end", riff(many + fmt + chunk("data", kSound)), Errc::kMediaNotAudio},
  };
  for (const BadCase& bad : cases) {
    const auto wav = walk(bad.file);
    ASSERT_FALSE(wav) << bad.name;
    EXPECT_EQ(wav.error().errc(), bad.error) << bad.name << ": " << wav.error().detail;
  }
}

TEST(WavWalk, every_cut_of_a_file_is_refused_or_described_by_its_bytes) {
  const std::string whole =
      riff(chunk("LIST", "INFO1") + chunk("fmt ", extensible(1, true)) + chunk("data", kSound) + chunk("LIST", "x"));
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto wav = walk(whole.substr(0, size));
    if (wav) {
      EXPECT_LE(wav->data_offset + wav->data_bytes, size);
      EXPECT_GT(wav->data_bytes, 0U);
    } else {
      EXPECT_LT(size, 94U + 4U) << wav.error().detail;  // the sound begins at 94, and a block has 4 bytes
    }
  }
}

// Not a fuzzer, but its shape: files that are nearly right, changed at random.
TEST(WavWalk, the_walk_of_any_bytes_ends_within_the_file) {
  const char* given = std::getenv("TAPEDECK_SEED");
  const auto seed = given != nullptr ? static_cast<std::uint32_t>(std::atoll(given)) : std::random_device()();
  SCOPED_TRACE(testing::Message() << "TAPEDECK_SEED=" << seed);
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
  };
  const std::array<std::uint32_t, 8> sizes{0, 1, 2, 15, 16, 40, 0x7FFFFFFF, kUnknown};
  int described = 0;
  for (int run = 0; run < 20'000; ++run) {
    std::string chunks;
    for (std::size_t i = below(4); i > 0; --i) {
      const std::array<const char*, 4> names{"LIST", "fmt ", "fact", "data"};
      const std::optional<std::uint32_t> told = below(4) == 0 ? std::optional(sizes[below(7)]) : std::nullopt;
      chunks += chunk(names[below(3)], std::string(below(50), static_cast<char>(below(255))), told);
    }
    if (below(2) > 0) chunks += chunk("fmt ", below(1) == 0 ? format() : extensible(1, true));
    if (below(2) > 0) chunks += chunk("data", std::string(below(100), 's'));
    std::string file = riff(chunks, below(1) == 0 ? std::optional(sizes[below(7)]) : std::nullopt);
    for (std::size_t i = below(5); i > 0 && !file.empty(); --i)
      file[below(file.size() - 1)] = static_cast<char>(below(255));
    file.resize(below(3) == 0 ? below(file.size()) : file.size());
    const auto wav = walk(file);
    if (!wav) continue;
    ++described;
    ASSERT_LE(wav->data_offset + wav->data_bytes, file.size());
    ASSERT_LE(wav->format_offset + 16, file.size());
    ASSERT_GT(wav->data_bytes, 0U);
    ASSERT_EQ(wav->data_bytes % static_cast<std::uint64_t>(wav->block_bytes), 0U);
    ASSERT_GT(wav->channels, 0);
  }
  EXPECT_GT(described, 1'000) << "the files are too wrong to try anything";
}

}  // namespace
}  // namespace tapedeck

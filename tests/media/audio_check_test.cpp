#include "media/audio_check.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapedeck {
namespace {

std::string le32(std::uint32_t value) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>((value >> shift) & 0xFFU);
  return text;
}

std::string chunk(const std::string& name, std::uint32_t size, const std::string& body) {
  return name + le32(size) + body;
}

std::string riff(std::uint32_t size, const std::string& body) { return "RIFF" + le32(size) + "WAVE" + body; }

const std::string kFormat = chunk("fmt ", 16, std::string(16, '\1'));
const std::string kSound(100, '\5');

// A well-formed WAV of `sound`.
std::string wav(const std::string& sound) {
  const std::string body = kFormat + chunk("data", static_cast<std::uint32_t>(sound.size()), sound);
  return riff(static_cast<std::uint32_t>(body.size() + 4), body);
}

std::string id3(std::uint32_t tag_bytes) {
  std::string size;
  for (int shift = 21; shift >= 0; shift -= 7) size += static_cast<char>((tag_bytes >> shift) & 0x7FU);
  return std::string("ID3\4\0\0", 6) + size + std::string(tag_bytes, '\0');
}

const std::string kFrame = std::string("\xFF\xF3\x44\xC4", 4) + std::string(100, '\0');

constexpr std::uint32_t kUnknown = 0xFFFFFFFF;

struct Case {
  std::string name;
  AudioKind expected;
  std::string bytes;
  std::optional<std::uint64_t> announced;
  std::optional<Errc> error;  // none: it is audio
};

std::string name_of_case(const testing::TestParamInfo<Case>& tested) { return tested.param.name; }

std::optional<Errc> check(const Case& c, std::size_t step) {
  AudioCheck audio(c.expected, c.announced);
  for (std::size_t at = 0; at < c.bytes.size(); at += step) {
    const Result<void> fed = audio.feed(std::string_view(c.bytes).substr(at, step));
    if (!fed) return fed.error().errc();
  }
  const Result<CheckedAudio> checked = audio.finish();
  if (!checked) return checked.error().errc();
  EXPECT_EQ(checked->kind, c.expected);
  EXPECT_EQ(checked->size_bytes, c.bytes.size());
  return std::nullopt;
}

class AudioCheckTable : public testing::TestWithParam<Case> {};

TEST_P(AudioCheckTable, the_verdict_does_not_depend_on_how_the_bytes_are_cut) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{7}, std::size_t{1000}}) {
    EXPECT_EQ(check(GetParam(), step), GetParam().error) << "in steps of " << step;
  }
}

constexpr AudioKind kMpeg = AudioKind::kMpeg;
constexpr AudioKind kWav = AudioKind::kWav;

INSTANTIATE_TEST_SUITE_P(
    Mpeg, AudioCheckTable,
    testing::Values(
        Case{"frame", kMpeg, kFrame, std::nullopt, std::nullopt},
        Case{"frame_with_length", kMpeg, kFrame, kFrame.size(), std::nullopt},
        Case{"tag_and_frame", kMpeg, id3(300) + kFrame, std::nullopt, std::nullopt},
        Case{"empty_tag_and_frame", kMpeg, id3(0) + kFrame, std::nullopt, std::nullopt},
        Case{"one_byte_short", kMpeg, kFrame, kFrame.size() + 1, Errc::kMediaTruncated},
        Case{"one_byte_over", kMpeg, kFrame, kFrame.size() - 1, Errc::kMediaTruncated},
        Case{"tag_without_sound", kMpeg, id3(300), std::nullopt, Errc::kMediaEmpty},
        Case{"part_of_a_tag", kMpeg, id3(300).substr(0, 6), std::nullopt, Errc::kMediaEmpty},
        Case{"nothing", kMpeg, "", std::nullopt, Errc::kMediaEmpty},
        Case{"nothing_announced", kMpeg, "", 0, Errc::kMediaEmpty},
        Case{"nothing_of_ten", kMpeg, "", 10, Errc::kMediaTruncated},
        Case{"three_bytes", kMpeg, "\xFF\xF3\x44", std::nullopt, Errc::kMediaNotAudio},
        Case{"wav_instead", kMpeg, wav(kSound), std::nullopt, Errc::kMediaNotAudio},
        Case{"aac_frame", kMpeg, std::string("\xFF\xF1\x50\x80") + kSound, std::nullopt, Errc::kMediaNotAudio},
        Case{"reserved_bit_rate", kMpeg, std::string("\xFF\xFB\xF0\x44") + kSound, std::nullopt, Errc::kMediaNotAudio},
        Case{"reserved_sampling_rate", kMpeg, std::string("\xFF\xFB\x9C\x44") + kSound, std::nullopt,
             Errc::kMediaNotAudio}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Documents, AudioCheckTable,
    testing::Values(Case{"xml", kMpeg, "<?xml version='1.0'?><TwilioResponse/>", std::nullopt, Errc::kMediaNotAudio},
                    Case{"html", kMpeg, "<html><body>503</body></html>", std::nullopt, Errc::kMediaNotAudio},
                    Case{"json_object", kWav, R"({"code":20404})", std::nullopt, Errc::kMediaNotAudio},
                    Case{"json_array", kWav, "[1,2,3,4]", std::nullopt, Errc::kMediaNotAudio},
                    Case{"tiny_json", kMpeg, "{}", std::nullopt, Errc::kMediaNotAudio},
                    Case{"indented_xml", kMpeg, "\r\n  <?xml?>", std::nullopt, Errc::kMediaNotAudio},
                    Case{"byte_order_mark", kMpeg, "\xEF\xBB\xBF<?xml?>", std::nullopt, Errc::kMediaNotAudio},
                    Case{"gzip", kMpeg, "\x1F\x8B\x08\x01gzipped", std::nullopt, Errc::kMediaNotAudio},
                    Case{"plain_text", kMpeg, "Not found", std::nullopt, Errc::kMediaNotAudio}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Wav, AudioCheckTable,
    testing::Values(Case{"plain", kWav, wav(kSound), std::nullopt, std::nullopt},
                    Case{"plain_with_length", kWav, wav(kSound), wav(kSound).size(), std::nullopt},
                    Case{"chunks_before_and_after_the_sound", kWav,
                         riff(0, chunk("LIST", 5, "abcde\0") + std::string(1, '\0') + kFormat +
                                     chunk("fact", 4, "1234") + chunk("data", 100, kSound) + chunk("LIST", 4, "tail")),
                         std::nullopt, std::nullopt},
                    Case{"sizes_unknown", kWav, riff(kUnknown, kFormat + chunk("data", kUnknown, kSound)), std::nullopt,
                         std::nullopt},
                    Case{"sizes_zero", kWav, riff(0, kFormat + chunk("data", 0, kSound)), std::nullopt, std::nullopt},
                    Case{"data_longer_than_what_came", kWav, riff(kUnknown, kFormat + chunk("data", 101, kSound)),
                         std::nullopt, Errc::kMediaTruncated},
                    Case{"data_longer_though_the_length_is_right", kWav,
                         riff(kUnknown, kFormat + chunk("data", 101, kSound)), 144, Errc::kMediaTruncated},
                    Case{"cut_in_the_sound", kWav, wav(kSound).substr(0, 90), std::nullopt, Errc::kMediaTruncated},
                    Case{"cut_in_a_chunk_header", kWav, wav(kSound).substr(0, 40), std::nullopt, Errc::kMediaTruncated},
                    Case{"cut_in_the_format", kWav, wav(kSound).substr(0, 30), std::nullopt, Errc::kMediaTruncated},
                    Case{"cut_before_the_data_chunk", kWav, wav(kSound).substr(0, 36), std::nullopt,
                         Errc::kMediaTruncated},
                    Case{"cut_in_the_riff_header", kWav, "RIFF1234WA", std::nullopt, Errc::kMediaTruncated},
                    Case{"only_a_header", kWav, wav(""), std::nullopt, Errc::kMediaEmpty},
                    Case{"only_a_header_of_unknown_size", kWav, riff(kUnknown, kFormat + chunk("data", kUnknown, "")),
                         std::nullopt, Errc::kMediaEmpty},
                    Case{"no_data_chunk", kWav, riff(28, kFormat), std::nullopt, Errc::kMediaEmpty},
                    Case{"mp3_instead", kWav, kFrame, std::nullopt, Errc::kMediaNotAudio},
                    Case{"tag_instead", kWav, id3(10) + kFrame, std::nullopt, Errc::kMediaNotAudio},
                    Case{"riff_of_another_kind", kWav, "RIFF" + le32(300) + "AVI LIST" + std::string(300, 'x'),
                         std::nullopt, Errc::kMediaNotAudio}),
    name_of_case);

TEST(AudioCheck, an_error_document_is_recognized_by_its_first_four_bytes) {
  AudioCheck audio(AudioKind::kMpeg, std::nullopt);
  EXPECT_TRUE(audio.feed("<?x").has_value());
  const Result<void> fed = audio.feed("ml");
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().detail, "expected audio/mpeg, got an XML or HTML document");
}

TEST(AudioKinds, each_kind_has_a_content_type_and_an_extension) {
  EXPECT_EQ(content_type_of(AudioKind::kMpeg), "audio/mpeg");
  EXPECT_EQ(content_type_of(AudioKind::kWav), "audio/wav");
  EXPECT_EQ(kind_of_extension(extension_of(AudioKind::kMpeg)), AudioKind::kMpeg);
  EXPECT_EQ(kind_of_extension(extension_of(AudioKind::kWav)), AudioKind::kWav);
  EXPECT_EQ(kind_of_extension("ogg"), std::nullopt);
  EXPECT_EQ(kind_of(AudioFormat::kMp3), AudioKind::kMpeg);
  EXPECT_EQ(kind_of(AudioFormat::kWav), AudioKind::kWav);
  EXPECT_EQ(kind_of(AudioFormat::kWavDual), AudioKind::kWav);
}

}  // namespace
}  // namespace tapedeck

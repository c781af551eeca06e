#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tapedeck {

/// Most chunks before the sound, and most bytes of a fmt chunk, that a WAV may have.
inline constexpr int kWavChunksMax = 1'000;
inline constexpr std::uint32_t kWavFormatBytesMax = 1'024;

/// What a data chunk says of its length, beside what is there.
enum class WavDataSize {
  kTold,      ///< as long as it says
  kNotTold,   ///< written while its length was not known (0 or 0xFFFFFFFF): it ends with the file
  kTruncated  ///< it promises more than there is
};

/// A WAV as its chunks describe it, and as its length allows. Offsets and lengths in bytes.
struct WavDescription {
  /// WAVE_FORMAT_…, 1 for PCM; of WAVE_FORMAT_EXTENSIBLE (0xFFFE) the sub-format's, where it is one of these.
  std::uint16_t format_tag = 0;
  int channels = 0;
  std::uint32_t sample_rate = 0;  ///< Hz
  int bits_per_sample = 0;
  int block_bytes = 0;              ///< of all channels at one moment; of a compressed format a block
  std::uint64_t format_offset = 0;  ///< the fmt chunk's contents
  std::uint32_t format_bytes = 0;
  std::uint64_t data_offset = 0;  ///< the sound
  std::uint64_t data_bytes = 0;   ///< whole blocks that are there; at least one
  WavDataSize data_size = WavDataSize::kTold;
  friend bool operator==(const WavDescription&, const WavDescription&) = default;
};

/// Walks through the chunks of a WAV, of which it reads the headers alone: `LIST`, `fact`, `bext` and others may stand
/// before the sound, each padded to an even length, so that the sound is not where a header of 44 bytes would end.
///
///   WavWalk walk(size);
///   while (const auto part = walk.wanted()) walk.give(read(part->offset, part->length));
///   const Result<WavDescription> wav = walk.result();
///
/// Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, WAVE); mmreg.h and "Multiple Channel
/// Audio Data and WAVE Files" (WAVE_FORMAT_EXTENSIBLE).
class WavWalk {
 public:
  struct Part {
    std::uint64_t offset = 0;
    std::size_t length = 0;
  };

  explicit WavWalk(std::uint64_t file_bytes) : file_bytes_(file_bytes) {}

  /// The part of the file to be given next; nothing once the walk is at its end. At most 40 bytes.
  [[nodiscard]] std::optional<Part> wanted() const;
  /// The bytes of wanted(); fewer where the file turns out to be shorter than was said.
  void give(std::string_view bytes);

  /// Once nothing is wanted. Errors: kMediaNotAudio when it is no WAV, or one that cannot be; kMediaTruncated when it
  /// ends before its sound; kMediaEmpty when there is no sound in it.
  [[nodiscard]] Result<WavDescription> result() const;

 private:
  enum class State { kRiffHeader, kChunkHeader, kFormat, kEnd };

  void enter_riff(std::string_view bytes);
  void enter_chunk(std::string_view bytes);
  void enter_format(std::string_view bytes);
  void enter_data(std::uint32_t told);
  void go_on_at(std::uint64_t offset);
  void end_with(Errc code, std::string detail);

  std::uint64_t file_bytes_;
  State state_ = State::kRiffHeader;
  std::uint64_t offset_ = 0;  // of what is wanted
  std::uint64_t riff_end_ = 0;
  std::uint32_t chunk_bytes_ = 0;
  int chunks_ = 0;
  bool has_format_ = false;
  WavDescription found_;
  std::optional<Error> failure_;
};

/// The codec's name as FFmpeg calls it: "pcm_s16le", "pcm_mulaw"; "wav_0x0031" for one that is not known here.
[[nodiscard]] std::string wav_codec_name(const WavDescription& wav);

}  // namespace tapedeck

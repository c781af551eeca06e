#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tapedeck {

/// Most chunks before the sound, and most bytes of a fmt chunk.
inline constexpr int kWavChunksMax = 1'000;
inline constexpr std::uint32_t kWavFormatBytesMax = 1'024;

/// The length in a data chunk's header, compared with the file.
enum class WavDataSize {
  kTold,      ///< it is right
  kNotTold,   ///< 0 or 0xFFFFFFFF, written before it was known: the sound ends with the file
  kTruncated  ///< it is greater than the rest of the file
};

/// What the chunks and the length of a WAV tell. Offsets and lengths in bytes.
struct WavDescription {
  /// WAVE_FORMAT_…, 1 for PCM; for WAVE_FORMAT_EXTENSIBLE (0xFFFE) the sub-format, if it is one of these.
  std::uint16_t format_tag = 0;
  int channels = 0;
  std::uint32_t sample_rate = 0;  ///< Hz
  int bits_per_sample = 0;
  int block_bytes = 0;              ///< of all channels at one moment; in a compressed format of a block
  std::uint64_t format_offset = 0;  ///< the fmt chunk's contents
  std::uint32_t format_bytes = 0;
  std::uint64_t data_offset = 0;  ///< the sound
  std::uint64_t data_bytes = 0;   ///< of the whole blocks in the file; at least one block
  WavDataSize data_size = WavDataSize::kTold;
  friend bool operator==(const WavDescription&, const WavDescription&) = default;
};

/// Walks through the chunks of a WAV and reads only their headers. Chunks such as `LIST`, `fact` and `bext` may stand
/// before the sound, each padded to an even length, so the sound need not begin after 44 bytes.
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

  /// The part of the file to give next, at most 40 bytes; nothing at the end of the walk.
  [[nodiscard]] std::optional<Part> wanted() const;
  /// Takes the bytes of wanted(); fewer if the file is shorter than it was said to be.
  void give(std::string_view bytes);

  /// To be called once nothing is wanted. Errors: kMediaNotAudio if it is not a valid WAV; kMediaTruncated if it ends
  /// before its sound; kMediaEmpty if it has no sound.
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

/// FFmpeg's name of the codec: "pcm_s16le", "pcm_mulaw"; "wav_0x0031" for an unknown one.
[[nodiscard]] std::string wav_codec_name(const WavDescription& wav);

}  // namespace tapedeck

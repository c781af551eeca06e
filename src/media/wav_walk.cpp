#include "media/wav_walk.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "media/riff.hpp"

namespace tapedeck {
namespace {

constexpr std::size_t kFormatBytesMin = 16;         // WAVEFORMAT with its bits per sample
constexpr std::size_t kExtensibleFormatBytes = 40;  // WAVEFORMATEXTENSIBLE
constexpr std::uint16_t kExtensibleTag = 0xFFFE;
// A sub-format is this GUID (KSDATAFORMAT_SUBTYPE_…), whose first two bytes are the tag.
constexpr std::string_view kSubformatTail("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71", 14);
constexpr std::size_t kSubformatOffset = 24;

std::uint16_t little_endian_16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) | static_cast<std::uint8_t>(bytes[at + 1])
                                                                               << 8);
}

std::uint32_t little_endian_32(std::string_view bytes, std::size_t at) {
  return std::uint32_t{little_endian_16(bytes, at)} | std::uint32_t{little_endian_16(bytes, at + 2)} << 16;
}

}  // namespace

std::optional<WavWalk::Part> WavWalk::wanted() const {
  switch (state_) {
    case State::kRiffHeader: return Part{0, kRiffHeaderBytes};
    case State::kChunkHeader: return Part{offset_, kChunkHeaderBytes};
    case State::kFormat: return Part{offset_, std::min<std::size_t>(chunk_bytes_, kExtensibleFormatBytes)};
    case State::kEnd: break;
  }
  return std::nullopt;
}

void WavWalk::give(std::string_view bytes) {
  const auto part = wanted();
  if (!part) return;
  if (bytes.size() < part->length) {
    return end_with(Errc::kMediaTruncated,
                    fmt::format("the WAV ends inside its header, after {} bytes", offset_ + bytes.size()));
  }
  switch (state_) {
    case State::kRiffHeader: return enter_riff(bytes);
    case State::kChunkHeader: return enter_chunk(bytes);
    case State::kFormat: return enter_format(bytes);
    case State::kEnd: break;
  }
}

void WavWalk::enter_riff(std::string_view bytes) {
  if (!bytes.starts_with("RIFF") || bytes.substr(8, 4) != "WAVE") {
    return end_with(Errc::kMediaNotAudio, "the file is no WAV");
  }
  riff_end_ = kChunkHeaderBytes + std::uint64_t{little_endian_32(bytes, 4)};
  go_on_at(kRiffHeaderBytes);
}

void WavWalk::enter_chunk(std::string_view bytes) {
  if (++chunks_ > kWavChunksMax) {
    return end_with(Errc::kMediaNotAudio, fmt::format("the WAV has more than {} chunks", kWavChunksMax));
  }
  const std::string_view name = bytes.substr(0, 4);
  chunk_bytes_ = little_endian_32(bytes, 4);
  offset_ += kChunkHeaderBytes;
  if (name == "data") return enter_data(chunk_bytes_);
  if (name != "fmt " || has_format_) return go_on_at(offset_ + chunk_bytes_ + (chunk_bytes_ & 1U));
  if (chunk_bytes_ < kFormatBytesMin || chunk_bytes_ > kWavFormatBytesMax) {
    return end_with(Errc::kMediaNotAudio, fmt::format("the WAV's fmt chunk has {} bytes", chunk_bytes_));
  }
  state_ = State::kFormat;
}

void WavWalk::enter_format(std::string_view bytes) {
  found_.format_tag = little_endian_16(bytes, 0);
  found_.channels = little_endian_16(bytes, 2);
  found_.sample_rate = little_endian_32(bytes, 4);
  found_.block_bytes = little_endian_16(bytes, 12);
  found_.bits_per_sample = little_endian_16(bytes, 14);
  found_.format_offset = offset_;
  found_.format_bytes = chunk_bytes_;
  const bool has_subformat = found_.format_tag == kExtensibleTag && bytes.size() >= kExtensibleFormatBytes;
  if (has_subformat && bytes.substr(kSubformatOffset + 2, kSubformatTail.size()) == kSubformatTail) {
    found_.format_tag = little_endian_16(bytes, kSubformatOffset);
  }
  if (found_.channels == 0 || found_.sample_rate == 0 || found_.block_bytes == 0) {
    return end_with(Errc::kMediaNotAudio, fmt::format("the WAV says {} channels, {} Hz, {} bytes a block",
                                                      found_.channels, found_.sample_rate, found_.block_bytes));
  }
  has_format_ = true;
  go_on_at(offset_ + chunk_bytes_ + (chunk_bytes_ & 1U));
}

void WavWalk::enter_data(std::uint32_t told) {
  if (!has_format_) return end_with(Errc::kMediaNotAudio, "the WAV's sound comes before its format");
  const std::uint64_t there = file_bytes_ - std::min(file_bytes_, offset_);
  // A length of 0 is true if the RIFF header has a length, and otherwise was never filled in.
  const bool is_whole_told = riff_end_ == file_bytes_ || riff_end_ + 1 == file_bytes_;
  found_.data_offset = offset_;
  found_.data_bytes = told;
  if (told == kUnknownSize || (told == 0 && !is_whole_told)) {
    found_.data_size = WavDataSize::kNotTold;
    found_.data_bytes = there;
  } else if (told > there) {
    found_.data_size = WavDataSize::kTruncated;
    found_.data_bytes = there;
  }
  found_.data_bytes -= found_.data_bytes % static_cast<std::uint64_t>(found_.block_bytes);
  if (found_.data_bytes == 0) return end_with(Errc::kMediaEmpty, "a WAV without sound in it");
  state_ = State::kEnd;
}

void WavWalk::go_on_at(std::uint64_t offset) {
  offset_ = offset;
  state_ = State::kChunkHeader;
  if (offset_ + kChunkHeaderBytes <= file_bytes_) return;
  // A file of the length that it states, without a data chunk, is not truncated.
  if (offset_ >= riff_end_ && offset_ == file_bytes_) return end_with(Errc::kMediaEmpty, "a WAV without sound in it");
  end_with(Errc::kMediaTruncated, fmt::format("the WAV ends inside its header, after {} bytes", file_bytes_));
}

void WavWalk::end_with(Errc code, std::string detail) {
  failure_ = Error(code, std::move(detail));
  state_ = State::kEnd;
}

Result<WavDescription> WavWalk::result() const {
  if (failure_) return fail(*failure_);
  if (state_ != State::kEnd) return fail(Errc::kInternal, "the walk through the WAV is not at its end");
  return found_;
}

std::string wav_codec_name(const WavDescription& wav) {
  constexpr std::uint16_t kPcm = 1;
  constexpr std::uint16_t kFloat = 3;
  constexpr std::uint16_t kALaw = 6;
  constexpr std::uint16_t kMuLaw = 7;
  switch (wav.format_tag) {
    case kPcm: return wav.bits_per_sample <= 8 ? "pcm_u8" : fmt::format("pcm_s{}le", wav.bits_per_sample);
    case kFloat: return fmt::format("pcm_f{}le", wav.bits_per_sample);
    case kALaw: return "pcm_alaw";
    case kMuLaw: return "pcm_mulaw";
    default: return fmt::format("wav_0x{:04x}", wav.format_tag);
  }
}

}  // namespace tapedeck

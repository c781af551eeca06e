#include "media/audio_check.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "media/riff.hpp"

namespace tapedeck {
namespace {

constexpr std::size_t kSniffBytes = 4;
constexpr std::size_t kTagHeaderBytes = 10;
constexpr std::uint64_t kMpegFrameHeaderBytes = 4;

std::uint8_t byte_at(const char* bytes, std::size_t index) { return static_cast<std::uint8_t>(bytes[index]); }

std::uint32_t little_endian_32(const char* bytes) {
  return std::uint32_t{byte_at(bytes, 0)} | std::uint32_t{byte_at(bytes, 1)} << 8 |
         std::uint32_t{byte_at(bytes, 2)} << 16 | std::uint32_t{byte_at(bytes, 3)} << 24;
}

// Four bytes of seven bits each (ID3v2.4 §6.2).
std::uint32_t synchsafe_32(const char* bytes) {
  return std::uint32_t{byte_at(bytes, 0)} << 21 | std::uint32_t{byte_at(bytes, 1)} << 14 |
         std::uint32_t{byte_at(bytes, 2)} << 7 | std::uint32_t{byte_at(bytes, 3)};
}

// Eleven bits of sync, and no reserved version, layer, bit rate or sampling rate (ISO 11172-3 §2.4.2.3). The layer
// tells an MPEG audio frame from an AAC one.
bool is_mpeg_frame_header(const char* bytes) {
  const unsigned second = byte_at(bytes, 1);
  const unsigned third = byte_at(bytes, 2);
  return byte_at(bytes, 0) == 0xFF && (second & 0xE0U) == 0xE0U && ((second >> 3U) & 3U) != 1U &&
         ((second >> 1U) & 3U) != 0U && (third >> 4U) != 15U && ((third >> 2U) & 3U) != 3U;
}

// Names the kind of bytes that are not audio, for people.
std::string_view describe_bytes(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return "a text document";
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "a text document";
  switch (bytes[first]) {
    case '<': return "an XML or HTML document";
    case '{':
    case '[': return "a JSON document";
    default: return "an unknown kind of file";
  }
}

}  // namespace

void AudioCheck::await_bytes(State state, std::size_t count) noexcept {
  state_ = state;
  window_used_ = 0;
  window_wanted_ = count;
}

Result<void> AudioCheck::feed(std::string_view chunk) {
  received_ += chunk.size();
  while (!chunk.empty()) {
    if (skip_ > 0) {
      const auto passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, chunk.size()));
      skip_ -= passed;
      chunk.remove_prefix(passed);
      continue;
    }
    // The sound itself is not checked.
    if (state_ == State::kMpegFrames || state_ == State::kWavData) return {};
    const std::size_t taken = std::min(window_wanted_ - window_used_, chunk.size());
    std::copy_n(chunk.data(), taken, window_.data() + window_used_);
    window_used_ += taken;
    chunk.remove_prefix(taken);
    if (window_used_ < window_wanted_) return {};
    Result<void> looked = state_ == State::kSniffing ? sniff() : step();
    if (!looked) return looked;
  }
  return {};
}

Result<void> AudioCheck::sniff() {
  const std::string_view first(window_.data(), kSniffBytes);
  std::optional<AudioKind> found;
  if (first == "RIFF") {
    found = AudioKind::kWav;
    state_ = State::kWavHeader;
    window_wanted_ = kRiffHeaderBytes;
  } else if (first.starts_with("ID3")) {
    found = AudioKind::kMpeg;
    state_ = State::kMpegTag;
    window_wanted_ = kTagHeaderBytes;
  } else if (is_mpeg_frame_header(window_.data())) {
    found = AudioKind::kMpeg;
    state_ = State::kMpegFrames;
  }
  if (found == expected_) return {};
  return fail(Errc::kMediaNotAudio, fmt::format("expected {}, got {}", content_type_of(expected_),
                                                found ? content_type_of(*found) : describe_bytes(first)));
}

// The window holds one whole piece: evaluates it, and awaits the next.
Result<void> AudioCheck::step() {
  switch (state_) {
    case State::kMpegTag:
      // Frames follow the tag. A tag longer than the file leaves no sound, see finish_mpeg().
      skip_ = synchsafe_32(window_.data() + 6);
      data_start_ = kTagHeaderBytes + skip_;
      state_ = State::kMpegFrames;
      break;
    case State::kWavHeader: {
      if (std::string_view(window_.data() + 8, 4) != "WAVE") {
        return fail(Errc::kMediaNotAudio, "expected audio/wav, got another kind of RIFF file");
      }
      const std::uint32_t size = little_endian_32(window_.data() + 4);
      riff_bytes_ = size == kUnknownSize || size == 0 ? 0 : kChunkHeaderBytes + std::uint64_t{size};
      data_start_ = kRiffHeaderBytes;
      await_bytes(State::kWavChunkHeader, kChunkHeaderBytes);
      break;
    }
    case State::kWavChunkHeader: enter_chunk(); break;
    default: break;
  }
  return {};
}

// Chunks may come in any order and number before the sound (fmt, LIST, fact, bext ...), each padded to an even length.
void AudioCheck::enter_chunk() {
  const std::string_view name(window_.data(), 4);
  const std::uint32_t size = little_endian_32(window_.data() + 4);
  data_start_ += kChunkHeaderBytes;
  if (name == "data") {
    data_bytes_ = size == kUnknownSize ? 0 : size;
    state_ = State::kWavData;
    return;
  }
  skip_ = std::uint64_t{size} + (size & 1U);
  data_start_ += skip_;
  await_bytes(State::kWavChunkHeader, kChunkHeaderBytes);
}

Result<CheckedAudio> AudioCheck::finish() const {
  if (announced_bytes_ && *announced_bytes_ != received_) {
    return fail(Errc::kMediaTruncated, fmt::format("{} bytes announced, {} came", *announced_bytes_, received_));
  }
  if (received_ == 0) return fail(Errc::kMediaEmpty, "no bytes came");
  if (state_ == State::kSniffing) {
    return fail(Errc::kMediaNotAudio, fmt::format("{} bytes are too few for audio", received_));
  }
  return expected_ == AudioKind::kMpeg ? finish_mpeg() : finish_wav();
}

Result<CheckedAudio> AudioCheck::finish_mpeg() const {
  if (state_ == State::kMpegTag || received_ < data_start_ + kMpegFrameHeaderBytes) {
    return fail(Errc::kMediaEmpty, "an MP3 tag without sound behind it");
  }
  return CheckedAudio{AudioKind::kMpeg, received_};
}

Result<CheckedAudio> AudioCheck::finish_wav() const {
  if (state_ != State::kWavData) {
    const bool between_chunks = state_ == State::kWavChunkHeader && window_used_ == 0 && skip_ == 0;
    if (between_chunks && received_ >= riff_bytes_) return fail(Errc::kMediaEmpty, "a WAV without sound in it");
    return fail(Errc::kMediaTruncated, fmt::format("the WAV ends inside its header, after {} bytes", received_));
  }
  const std::uint64_t sound = received_ - data_start_;
  if (sound < data_bytes_) {
    return fail(Errc::kMediaTruncated, fmt::format("the WAV promises {} bytes of sound, {} came", data_bytes_, sound));
  }
  if (sound == 0) return fail(Errc::kMediaEmpty, "a WAV header without sound behind it");
  return CheckedAudio{AudioKind::kWav, received_};
}

}  // namespace tapedeck

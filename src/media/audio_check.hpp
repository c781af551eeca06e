#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "domain/recording.hpp"

namespace tapedeck {

/// What the bytes of a recording are.
enum class AudioKind { kMpeg, kWav };
/// "audio/mpeg" or "audio/wav".
[[nodiscard]] std::string_view content_type_of(AudioKind kind) noexcept;
/// "mp3" or "wav".
[[nodiscard]] std::string_view extension_of(AudioKind kind) noexcept;
/// The reverse of extension_of().
[[nodiscard]] std::optional<AudioKind> kind_of_extension(std::string_view extension) noexcept;
/// What the provider must send when asked for `format`.
[[nodiscard]] AudioKind kind_of(AudioFormat format) noexcept;

/// Audio that passed the check.
struct CheckedAudio {
  AudioKind kind = AudioKind::kMpeg;
  std::uint64_t size_bytes = 0;
};

/// Looks at the bytes of a recording as they come, and says whether they are the audio that was asked for, all of it.
/// Holds a few bytes, never the recording. Feed every chunk in order, then finish() once; after an error feed no more.
class AudioCheck {
 public:
  /// `announced_bytes` is the Content-Length, where the provider sent one.
  AudioCheck(AudioKind expected, std::optional<std::uint64_t> announced_bytes)
      : expected_(expected), announced_bytes_(announced_bytes) {}

  /// Error kMediaNotAudio as soon as the first bytes betray an error document or another kind of file.
  [[nodiscard]] Result<void> feed(std::string_view chunk);

  /// To be called when the transfer has ended well. Errors: kMediaTruncated when fewer (or more) bytes came than
  /// Content-Length announced, or than the WAV's own header says; kMediaEmpty for no bytes, and for a header with no
  /// sound behind it; kMediaNotAudio for what is too short to be audio.
  [[nodiscard]] Result<CheckedAudio> finish() const;

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return received_; }

 private:
  enum class State { kSniffing, kMpegTag, kMpegFrames, kWavHeader, kWavChunkHeader, kWavSkip, kWavData };

  [[nodiscard]] Result<void> sniff();
  [[nodiscard]] Result<void> step();
  void enter_chunk();
  [[nodiscard]] Result<CheckedAudio> finish_mpeg() const;
  [[nodiscard]] Result<CheckedAudio> finish_wav() const;
  void await_bytes(State state, std::size_t count) noexcept;

  // Long enough for every fixed-size piece that is looked at: "RIFF" size "WAVE", and a tag's header.
  static constexpr std::size_t kWindowBytes = 12;

  AudioKind expected_;
  std::optional<std::uint64_t> announced_bytes_;
  std::uint64_t received_ = 0;

  State state_ = State::kSniffing;
  std::array<char, kWindowBytes> window_{};
  std::size_t window_used_ = 0;
  std::size_t window_wanted_ = 4;
  std::uint64_t skip_ = 0;        // bytes to pass over before the next piece
  std::uint64_t riff_bytes_ = 0;  // as the RIFF header says, the eight bytes before included; 0: unknown
  std::uint64_t data_start_ = 0;  // offset of the sound
  std::uint64_t data_bytes_ = 0;  // as the data chunk says; 0: unknown
};

}  // namespace tapedeck

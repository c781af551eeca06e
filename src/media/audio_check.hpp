#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "domain/audio_kind.hpp"

namespace tapedeck {

/// Audio that passed the check.
struct CheckedAudio {
  AudioKind kind = AudioKind::kMpeg;
  std::uint64_t size_bytes = 0;
};

/// Checks the bytes of a recording as they come: whether they are the requested kind of audio, and complete. Holds a
/// few bytes, never the recording. Feed every chunk in order, then finish() once; after an error feed no more.
class AudioCheck {
 public:
  /// `announced_bytes` is the Content-Length, if the provider sent one.
  AudioCheck(AudioKind expected, std::optional<std::uint64_t> announced_bytes)
      : expected_(expected), announced_bytes_(announced_bytes) {}

  /// Error kMediaNotAudio as soon as the first bytes show an error document or another kind of file.
  [[nodiscard]] Result<void> feed(std::string_view chunk);

  /// To be called after a successful transfer. Errors: kMediaTruncated if fewer or more bytes came than Content-Length
  /// announced, or fewer than the WAV's header says; kMediaEmpty for no bytes, and for a header without sound;
  /// kMediaNotAudio for bytes that are too few for audio.
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

  // The longest fixed-size piece: "RIFF" size "WAVE". A tag's header is shorter.
  static constexpr std::size_t kWindowBytes = 12;

  AudioKind expected_;
  std::optional<std::uint64_t> announced_bytes_;
  std::uint64_t received_ = 0;

  State state_ = State::kSniffing;
  std::array<char, kWindowBytes> window_{};
  std::size_t window_used_ = 0;
  std::size_t window_wanted_ = 4;
  std::uint64_t skip_ = 0;        // bytes before the next piece
  std::uint64_t riff_bytes_ = 0;  // as the RIFF header says, plus the eight bytes before; 0: unknown
  std::uint64_t data_start_ = 0;  // offset of the sound
  std::uint64_t data_bytes_ = 0;  // as the data chunk says; 0: unknown
};

}  // namespace tapedeck

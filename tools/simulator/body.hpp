#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tapedeck::simulator {

/// The length of a body that never ends.
inline constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

/// The bytes of an answer, readable at any offset. Synthetic audio is computed while it is read, so that thousands of
/// long recordings take no memory. Copies are cheap and share their text.
class Body {
 public:
  Body() = default;

  [[nodiscard]] static Body of_text(std::string text);
  /// Shares `text`, which stays loaded as long as any Body uses it.
  [[nodiscard]] static Body of_shared(std::shared_ptr<const std::string> text);

  /// MPEG-2.5 layer III at 8 kHz and 32 kbit/s constant bit rate: 288 bytes for each 72 ms, rounded up to whole frames.
  /// It decodes to silence; the ancillary bytes of each frame depend on `seed` and on the frame's number, so no two
  /// recordings and no two places of one recording are equal. `channels` is 1 or 2.
  [[nodiscard]] static Body of_mp3(std::uint64_t seed, std::chrono::milliseconds duration, int channels);

  /// RIFF WAVE, PCM, 8 kHz, 16 bits: a tone whose pitch depends on `seed`, under a little seeded noise.
  [[nodiscard]] static Body of_wav(std::uint64_t seed, std::chrono::milliseconds duration, int channels);

  /// The same bytes repeated without end. An empty body repeats a zero byte.
  [[nodiscard]] Body endless() const;

  /// Length in bytes, or kEndless.
  [[nodiscard]] std::uint64_t size() const noexcept { return is_endless_ ? kEndless : size_; }

  /// Fills `out` with the bytes from `offset`. The caller must stay within size().
  void read(std::uint64_t offset, std::span<char> out) const;

  /// Lower-case hexadecimal SHA-256 of the whole body, which must not be endless. Cost: one pass.
  [[nodiscard]] std::string sha256() const;

  /// The whole body, which must not be endless.
  [[nodiscard]] std::string text() const;

 private:
  enum class Kind { kText, kMp3, kWav };

  void read_once(std::uint64_t offset, std::span<char> out) const;

  Kind kind_ = Kind::kText;
  bool is_endless_ = false;
  int channels_ = 1;
  std::uint64_t seed_ = 0;
  std::uint64_t size_ = 0;
  std::shared_ptr<const std::string> text_;
};

/// Spreads the bits of a number (splitmix64, Steele, Lea and Flood 2014). The same input gives the same output
/// everywhere, so that a seeded run can be repeated.
[[nodiscard]] std::uint64_t mix(std::uint64_t value) noexcept;
/// A seed for a name.
[[nodiscard]] std::uint64_t seed_of(std::uint64_t seed, std::string_view name) noexcept;

}  // namespace tapedeck::simulator

#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

namespace tapedeck::sndfile {

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return text;
}

/// A WAV of 16 bits: a tone of this amplitude (0 to 1) in each channel, half as loud as in the one before.
struct Wav {
  std::uint64_t frames = 8'000;
  int channels = 1;
  std::uint32_t rate = 8'000;
  double amplitude = 0.5;
  std::string before_data{};     ///< chunks
  std::string after_data{};      ///< chunks
  std::int64_t told_bytes = -1;  ///< of the data chunk; -1: the truth
  std::int64_t told_riff_bytes = -1;

  [[nodiscard]] std::string sound() const {
    std::string bytes;
    for (std::uint64_t i = 0; i < frames; ++i) {
      const double wave = std::sin(2 * std::numbers::pi * 400 * static_cast<double>(i) / rate);
      for (int channel = 0; channel < channels; ++channel) {
        const auto sample = static_cast<std::int16_t>(std::lround(32'767 * amplitude / (1 << channel) * wave));
        bytes += little_endian(static_cast<std::uint16_t>(sample), 2);
      }
    }
    return bytes;
  }

  [[nodiscard]] std::string bytes() const {
    const std::string data = sound();
    const auto count = static_cast<std::uint64_t>(channels);
    std::string body = "WAVEfmt " + little_endian(16, 4) + little_endian(1, 2) + little_endian(count, 2) +
                       little_endian(rate, 4) + little_endian(rate * count * 2, 4) + little_endian(count * 2, 2) +
                       little_endian(16, 2) + before_data + "data";
    body += little_endian(told_bytes < 0 ? data.size() : static_cast<std::uint64_t>(told_bytes), 4) + data + after_data;
    return "RIFF" + little_endian(told_riff_bytes < 0 ? body.size() : static_cast<std::uint64_t>(told_riff_bytes), 4) +
           body;
  }
};

/// One frame of MPEG-2.5 layer III, 8 kHz, that decodes to 576 samples of silence (ISO 13818-3; no sound by its side
/// information). `kbit`: 8, 16 or 32.
inline std::string mpeg_frame(int kbit, int channels = 1) {
  const int rate_index = kbit / 8;
  std::string frame;
  frame += static_cast<char>(0xFF);
  frame += static_cast<char>(0xE3);
  frame += static_cast<char>(rate_index << 4 | 0x08);
  frame += static_cast<char>(channels == 2 ? 0x00 : 0xC0);
  frame.resize(static_cast<std::size_t>(9 * kbit), '\0');
  return frame;
}

inline std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace tapedeck::sndfile

#include "body.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include <openssl/evp.h>

namespace tapedeck::simulator {
namespace {

constexpr std::uint64_t kSampleRate = 8000;
constexpr std::uint64_t kMp3SamplesPerFrame = 576;
constexpr std::size_t kMp3FrameBytes = 288;  // 72 * 32000 bit/s / 8000 Hz, which needs no padding
constexpr std::size_t kMp3HeaderBytes = 4;
constexpr std::size_t kWavHeaderBytes = 44;
constexpr std::uint64_t kWavMaxDataBytes = 0xFFFFFFFFU - kWavHeaderBytes;
constexpr std::size_t kHashChunkBytes = 65536;

using Mp3Frame = std::array<char, kMp3FrameBytes>;

// ISO/IEC 13818-3 with the 2.5 extension: eleven bits of sync, version 2.5, layer III, no CRC; bit rate index 4
// (32 kbit/s), rate index 2 (8 kHz). Side information of zeros means "no sound in this frame", so everything after it
// is ancillary data, which decoders skip. It holds the seeded bytes.
void make_mp3_frame(std::uint64_t seed, std::uint64_t number, int channels, Mp3Frame& frame) {
  const std::size_t side_info_bytes = channels == 2 ? 17 : 9;
  frame[0] = static_cast<char>(0xFF);
  frame[1] = static_cast<char>(0xE3);
  frame[2] = static_cast<char>(0x48);
  frame[3] = static_cast<char>(channels == 2 ? 0x00 : 0xC0);
  std::memset(frame.data() + kMp3HeaderBytes, 0, side_info_bytes);
  std::uint64_t state = mix(seed ^ mix(number));
  for (std::size_t at = kMp3HeaderBytes + side_info_bytes; at < kMp3FrameBytes; at += sizeof state) {
    state = mix(state);
    // Without the top bits no byte is 0xFF, so no byte here looks like the sync of a frame.
    const std::uint64_t word = state & 0x7F7F7F7F7F7F7F7FU;
    std::memcpy(frame.data() + at, &word, std::min(sizeof word, kMp3FrameBytes - at));
  }
}

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
}

std::string wav_header(std::uint64_t data_bytes, int channels) {
  const auto count = static_cast<std::uint64_t>(channels);
  std::string header = "RIFF";
  append_little_endian(header, kWavHeaderBytes - 8 + data_bytes, 4);
  header += "WAVEfmt ";
  append_little_endian(header, 16, 4);
  append_little_endian(header, 1, 2);
  append_little_endian(header, count, 2);
  append_little_endian(header, kSampleRate, 4);
  append_little_endian(header, kSampleRate * count * 2, 4);
  append_little_endian(header, count * 2, 2);
  append_little_endian(header, 16, 2);
  header += "data";
  append_little_endian(header, data_bytes, 4);
  return header;
}

// A triangle of 200 to 999 Hz with noise of about -40 dB; the second channel sounds a fifth higher.
std::uint16_t wav_sample(std::uint64_t seed, std::uint64_t index, int channel) {
  const std::uint64_t base = 200 + seed % 800;
  const std::uint64_t pitch = channel == 0 ? base : base * 3 / 2;
  const auto phase = static_cast<int>((index * pitch) % kSampleRate);
  const int triangle = phase < 4000 ? phase - 2000 : 6000 - phase;
  const auto noise = static_cast<int>(mix(seed + index * 2 + static_cast<std::uint64_t>(channel)) % 257) - 128;
  return static_cast<std::uint16_t>(static_cast<std::int16_t>(triangle * 4 + noise));
}

void read_wav(std::uint64_t seed, std::uint64_t size, int channels, std::uint64_t offset, std::span<char> out) {
  std::size_t done = 0;
  if (offset < kWavHeaderBytes) {
    const std::string header = wav_header(size - kWavHeaderBytes, channels);
    const std::size_t from = static_cast<std::size_t>(offset);
    done = std::min(out.size(), kWavHeaderBytes - from);
    std::memcpy(out.data(), header.data() + from, done);
  }
  const auto count = static_cast<std::uint64_t>(channels);
  for (; done < out.size(); ++done) {
    const std::uint64_t at = offset + done - kWavHeaderBytes;
    const std::uint64_t sample_number = at / 2;
    const std::uint16_t sample = wav_sample(seed, sample_number / count, static_cast<int>(sample_number % count));
    out[done] = static_cast<char>(at % 2 == 0 ? sample & 0xFF : sample >> 8);
    if (at % 2 == 0 && done + 1 < out.size()) out[++done] = static_cast<char>(sample >> 8);
  }
}

void read_mp3(std::uint64_t seed, int channels, std::uint64_t offset, std::span<char> out) {
  Mp3Frame frame;
  while (!out.empty()) {
    make_mp3_frame(seed, offset / kMp3FrameBytes, channels, frame);
    const auto within = static_cast<std::size_t>(offset % kMp3FrameBytes);
    const std::size_t count = std::min(out.size(), kMp3FrameBytes - within);
    std::memcpy(out.data(), frame.data() + within, count);
    offset += count;
    out = out.subspan(count);
  }
}

}  // namespace

std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

std::uint64_t seed_of(std::uint64_t seed, std::string_view name) noexcept {
  std::uint64_t state = mix(seed);
  for (const char c : name) state = mix(state ^ static_cast<unsigned char>(c));
  return state;
}

Body Body::of_text(std::string text) { return of_shared(std::make_shared<const std::string>(std::move(text))); }

Body Body::of_shared(std::shared_ptr<const std::string> text) {
  Body body;
  body.size_ = text->size();
  body.text_ = std::move(text);
  return body;
}

Body Body::of_mp3(std::uint64_t seed, std::chrono::milliseconds duration, int channels) {
  const auto samples = static_cast<std::uint64_t>(duration.count()) * kSampleRate / 1000;
  Body body;
  body.kind_ = Kind::kMp3;
  body.seed_ = seed;
  body.channels_ = channels;
  body.size_ = (samples + kMp3SamplesPerFrame - 1) / kMp3SamplesPerFrame * kMp3FrameBytes;
  return body;
}

Body Body::of_wav(std::uint64_t seed, std::chrono::milliseconds duration, int channels) {
  const auto samples = static_cast<std::uint64_t>(duration.count()) * kSampleRate / 1000;
  Body body;
  body.kind_ = Kind::kWav;
  body.seed_ = seed;
  body.channels_ = channels;
  const std::uint64_t frame_bytes = static_cast<std::uint64_t>(channels) * 2;
  body.size_ = kWavHeaderBytes + std::min(samples * frame_bytes, kWavMaxDataBytes / frame_bytes * frame_bytes);
  return body;
}

Body Body::endless() const {
  Body body = size_ == 0 ? of_text(std::string(1, '\0')) : *this;
  body.is_endless_ = true;
  return body;
}

void Body::read(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const std::uint64_t from = is_endless_ ? offset % size_ : offset;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - from));
    read_once(from, out.first(count));
    offset += count;
    out = out.subspan(count);
  }
}

void Body::read_once(std::uint64_t offset, std::span<char> out) const {
  switch (kind_) {
    case Kind::kText: std::memcpy(out.data(), text_->data() + offset, out.size()); break;
    case Kind::kMp3: read_mp3(seed_, channels_, offset, out); break;
    case Kind::kWav: read_wav(seed_, size_, channels_, offset, out); break;
  }
}

std::string Body::sha256() const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::string chunk;
  for (std::uint64_t at = 0; at < size_; at += chunk.size()) {
    chunk.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kHashChunkBytes, size_ - at)));
    read(at, chunk);
    EVP_DigestUpdate(context.get(), chunk.data(), chunk.size());
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  return to_hex(std::string(digest.begin(), digest.begin() + length));
}

std::string Body::text() const {
  std::string out(static_cast<std::size_t>(size_), '\0');
  read(0, out);
  return out;
}

}  // namespace tapedeck::simulator

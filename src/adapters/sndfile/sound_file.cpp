#include "adapters/sndfile/sound_file.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <sndfile.h>

namespace tapedeck::sndfile {
namespace {

constexpr std::size_t kTagHeaderBytes = 10;
constexpr std::uint64_t kRiffBytesMax = 0xFFFFFFFF;
// Of RIFF, size, WAVE; of a chunk's name and size.
constexpr std::size_t kRiffHeaderBytes = 12;
constexpr std::size_t kChunkHeaderBytes = 8;

std::span<std::byte> as_bytes(std::string& text) { return std::as_writable_bytes(std::span(text)); }

void append_32(std::string& text, std::uint64_t value) {
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>((value >> shift) & 0xFFU);
}

Result<WavDescription> describe(BlobFeed& feed) {
  WavWalk walk(feed.size());
  std::string bytes;
  while (const auto part = walk.wanted()) {
    bytes.resize(part->length);
    const Result<std::size_t> got = feed.read(part->offset, as_bytes(bytes));
    if (!got) return fail(got.error());
    bytes.resize(*got);
    walk.give(bytes);
  }
  return walk.result();
}

}  // namespace

Result<ShownFile> show_wav(BlobFeed& feed) {
  const Result<WavDescription> wav = describe(feed);
  if (!wav) return fail(wav.error());
  std::string format(wav->format_bytes, '\0');
  const Result<std::size_t> got = feed.read(wav->format_offset, as_bytes(format));
  if (!got) return fail(got.error());
  if (wav->format_bytes % 2 == 1) format += '\0';

  const std::uint64_t sound =
      std::min(wav->data_bytes, kRiffBytesMax - format.size() - kRiffHeaderBytes - 2 * kChunkHeaderBytes);
  ShownFile shown;
  shown.header = "RIFF";
  append_32(shown.header, kRiffHeaderBytes - 8 + 2 * kChunkHeaderBytes + format.size() + sound);
  shown.header += "WAVEfmt ";
  append_32(shown.header, wav->format_bytes);
  shown.header += format + "data";
  append_32(shown.header, sound);
  shown.offset = wav->data_offset;
  shown.length = sound;
  shown.codec = wav_codec_name(*wav);
  return shown;
}

Result<ShownFile> show_mpeg(BlobFeed& feed) {
  std::array<char, kTagHeaderBytes> tag{};
  const Result<std::size_t> got = feed.read(0, std::as_writable_bytes(std::span(tag)));
  if (!got) return fail(got.error());
  std::uint64_t start = 0;
  if (*got == tag.size() && std::memcmp(tag.data(), "ID3", 3) == 0) {
    // Four bytes of seven bits each (ID3v2.4 §6.2).
    for (std::size_t i = 6; i < tag.size(); ++i) start = start << 7U | (static_cast<std::uint8_t>(tag[i]) & 0x7FU);
    start = std::min<std::uint64_t>(start + kTagHeaderBytes, feed.size());
  }
  ShownFile shown;
  shown.offset = start;
  shown.length = feed.size() - start;
  shown.tells_end = false;
  shown.codec = "mp3";
  return shown;
}

struct SoundFile::Calls {
  static SoundFile& self(void* user) { return *static_cast<SoundFile*>(user); }

  static sf_count_t size(void* user) { return static_cast<sf_count_t>(self(user).size()); }

  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    SoundFile& file = self(user);
    sf_count_t target = offset;
    if (whence == SEEK_CUR) target += static_cast<sf_count_t>(file.position_);
    if (whence == SEEK_END) {
      if (!file.shown_.tells_end) return -1;
      target += size(user);
    }
    if (target < 0) return -1;
    file.position_ = static_cast<std::uint64_t>(target);
    return target;
  }

  static sf_count_t read(void* out, sf_count_t count, void* user) {
    if (count <= 0) return 0;
    const std::span<std::byte> bytes(static_cast<std::byte*>(out), static_cast<std::size_t>(count));
    return static_cast<sf_count_t>(self(user).read_bytes(bytes));
  }

  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t tell(void* user) { return static_cast<sf_count_t>(self(user).position_); }
};

std::size_t SoundFile::read_bytes(std::span<std::byte> out) {
  std::size_t done = 0;
  if (position_ < shown_.header.size()) {
    done = std::min<std::size_t>(out.size(), shown_.header.size() - position_);
    std::memcpy(out.data(), shown_.header.data() + position_, done);
    position_ += done;
  }
  const std::uint64_t left = size() - std::min(size(), position_);
  const std::span<std::byte> rest = out.subspan(done, std::min<std::uint64_t>(out.size() - done, left));
  if (rest.empty() || failure_) return done;
  const Result<std::size_t> got = feed_.read(shown_.offset + position_ - shown_.header.size(), rest);
  if (!got) {
    failure_ = got.error();  // to a decoder it is the end
    return done;
  }
  position_ += *got;
  return done + *got;
}

Result<std::unique_ptr<SoundFile>> SoundFile::open(BlobFeed& feed, ShownFile shown) {
  std::unique_ptr<SoundFile> file(new SoundFile(feed, std::move(shown)));
  SF_VIRTUAL_IO calls{&Calls::size, &Calls::seek, &Calls::read, &Calls::write, &Calls::tell};
  SF_INFO info{};
  file->handle_ = ::sf_open_virtual(&calls, SFM_READ, &info, file.get());
  if (file->failure_) return fail(*file->failure_);
  if (file->handle_ == nullptr) {
    return fail(Errc::kMediaNotAudio, fmt::format("the audio cannot be decoded: {}", ::sf_strerror(nullptr)));
  }
  file->channels_ = info.channels;
  file->sample_rate_ = info.samplerate;
  return file;
}

SoundFile::~SoundFile() {
  if (handle_ != nullptr) (void)::sf_close(handle_);
}

Result<std::size_t> SoundFile::read(std::span<float> out) {
  const auto rounds = static_cast<sf_count_t>(out.size() / static_cast<std::size_t>(channels_));
  const sf_count_t got = ::sf_readf_float(handle_, out.data(), rounds);
  if (failure_) return fail(*failure_);
  if (got <= 0) return 0U;
  return static_cast<std::size_t>(got) * static_cast<std::size_t>(channels_);
}

}  // namespace tapedeck::sndfile

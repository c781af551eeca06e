#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sndfile.h>

#include "media/riff.hpp"
#include "media/sndfile/sound.hpp"
#include "media/wav_walk.hpp"

namespace tapedeck::sndfile {
namespace {

// Samples of a channel in one read.
constexpr std::size_t kBlockFrames = 4'096;
constexpr std::uint64_t kRiffBytesMax = 0xFFFFFFFF;
// Of RIFF, size, WAVE; of a chunk's name and size.

// The file that libsndfile reads: a header of our own, then a part of the blob.
struct ShownFile {
  std::string header;
  std::uint64_t offset = 0;  // of the part
  std::uint64_t length = 0;
  std::string codec;
};

std::span<std::byte> as_bytes(std::string& text) { return std::as_writable_bytes(std::span(text)); }

void append_32(std::string& text, std::uint64_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>((value >> shift) & 0xFFU);
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

Result<ShownFile> show(BlobFeed& feed) {
  const Result<WavDescription> wav = describe(feed);
  if (!wav) return fail(wav.error());
  std::string format(wav->format_bytes, '\0');
  const Result<std::size_t> got = feed.read(wav->format_offset, as_bytes(format));
  if (!got) return fail(got.error());
  if (wav->format_bytes % 2 == 1) format += '\0';

  const std::uint64_t around = kRiffHeaderBytes + 2 * kChunkHeaderBytes + format.size();
  ShownFile shown;
  shown.offset = wav->data_offset;
  shown.length = std::min(wav->data_bytes, kRiffBytesMax - around);
  shown.codec = wav_codec_name(*wav);
  shown.header = "RIFF";
  append_32(shown.header, around - kChunkHeaderBytes + shown.length);
  shown.header += "WAVEfmt ";
  append_32(shown.header, wav->format_bytes);
  shown.header += format + "data";
  append_32(shown.header, shown.length);
  return shown;
}

class WavSound final : public Sound {
 public:
  WavSound(BlobFeed& feed, ShownFile shown) : feed_(feed), shown_(std::move(shown)) {}
  WavSound(const WavSound&) = delete;
  WavSound& operator=(const WavSound&) = delete;
  ~WavSound() override {
    if (handle_ != nullptr) (void)::sf_close(handle_);
  }

  Result<void> open() {
    SF_VIRTUAL_IO calls{&Calls::size, &Calls::seek, &Calls::read, &Calls::write, &Calls::tell};
    SF_INFO info{};
    handle_ = ::sf_open_virtual(&calls, SFM_READ, &info, this);
    if (failure_) return fail(*failure_);
    if (handle_ == nullptr) {
      return fail(Errc::kMediaNotAudio, fmt::format("the WAV cannot be decoded: {}", ::sf_strerror(nullptr)));
    }
    format_ = {info.channels, info.samplerate};
    block_.resize(kBlockFrames * static_cast<std::size_t>(info.channels));
    return {};
  }

  SoundFormat format() const override { return format_; }
  std::string_view codec() const override { return shown_.codec; }

  Result<std::span<const float>> next() override {
    const sf_count_t got = ::sf_readf_float(handle_, block_.data(), static_cast<sf_count_t>(kBlockFrames));
    if (failure_) return fail(*failure_);
    const auto rounds = static_cast<std::size_t>(std::max<sf_count_t>(got, 0));
    return std::span<const float>(block_).first(rounds * static_cast<std::size_t>(format_.channels));
  }

 private:
  // libsndfile reads through these.
  struct Calls {
    static WavSound& self(void* user) { return *static_cast<WavSound*>(user); }
    static sf_count_t size(void* user) { return static_cast<sf_count_t>(self(user).size()); }
    static sf_count_t tell(void* user) { return static_cast<sf_count_t>(self(user).position_); }
    static sf_count_t write(const void*, sf_count_t, void*) { return 0; }

    static sf_count_t seek(sf_count_t offset, int whence, void* user) {
      sf_count_t target = offset;
      if (whence == SEEK_CUR) target += tell(user);
      if (whence == SEEK_END) target += size(user);
      if (target < 0) return -1;
      self(user).position_ = static_cast<std::uint64_t>(target);
      return target;
    }

    static sf_count_t read(void* out, sf_count_t count, void* user) {
      if (count <= 0) return 0;
      const std::span<std::byte> bytes(static_cast<std::byte*>(out), static_cast<std::size_t>(count));
      return static_cast<sf_count_t>(self(user).read_bytes(bytes));
    }
  };

  [[nodiscard]] std::uint64_t size() const { return shown_.header.size() + shown_.length; }

  std::size_t read_bytes(std::span<std::byte> out) {
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
      failure_ = got.error();  // to libsndfile it is the end
      return done;
    }
    position_ += *got;
    return done + *got;
  }

  BlobFeed& feed_;
  ShownFile shown_;
  std::uint64_t position_ = 0;
  std::optional<Error> failure_;
  SNDFILE* handle_ = nullptr;
  SoundFormat format_;
  std::vector<float> block_;
};

}  // namespace

Result<std::unique_ptr<Sound>> open_wav(BlobFeed& feed) {
  Result<ShownFile> shown = show(feed);
  if (!shown) return fail(shown.error());
  auto sound = std::make_unique<WavSound>(feed, std::move(*shown));
  if (Result<void> opened = sound->open(); !opened) return fail(opened.error());
  return std::unique_ptr<Sound>(std::move(sound));
}

}  // namespace tapedeck::sndfile

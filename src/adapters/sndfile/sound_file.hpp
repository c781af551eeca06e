#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "adapters/sndfile/blob_feed.hpp"
#include "core/error.hpp"
#include "core/wav_walk.hpp"

struct sf_private_tag;

namespace tapedeck::sndfile {

/// What a decoder is shown as a file: a few bytes of our own, then a part of a blob.
struct ShownFile {
  std::string header;
  std::uint64_t offset = 0;  ///< of the part
  std::uint64_t length = 0;
  /// False: the decoder is not told where the file ends, so that it decodes up to there instead of guessing how long
  /// the sound is.
  bool tells_end = true;
  std::string codec;
};

/// A WAV with the plainest header that there is: the fmt chunk as it is, and a data chunk of what is there. So its
/// sound is decoded whatever stands around it, and whether or not its length was filled in. Errors:
/// WavWalk::result()'s.
[[nodiscard]] Result<ShownFile> show_wav(BlobFeed& feed);
/// An MP3 without its ID3v2 tag, and without an end: libsndfile 1.2 believes libmpg123's guess of the length where the
/// file has no table (VBR without a Xing or Info frame), and stops there, at a fifth of the sound. Errors: the blob's.
[[nodiscard]] Result<ShownFile> show_mpeg(BlobFeed& feed);

/// An open SNDFILE over a feed, which must outlive it. One thread at a time.
class SoundFile {
 public:
  /// Error kMediaNotAudio: libsndfile cannot decode it; or the feed's.
  [[nodiscard]] static Result<std::unique_ptr<SoundFile>> open(BlobFeed& feed, ShownFile shown);
  SoundFile(const SoundFile&) = delete;
  SoundFile& operator=(const SoundFile&) = delete;
  ~SoundFile();

  [[nodiscard]] int channels() const noexcept { return channels_; }
  [[nodiscard]] int sample_rate() const noexcept { return sample_rate_; }
  [[nodiscard]] const std::string& codec() const noexcept { return shown_.codec; }
  /// Fills `out` with samples of all channels in turn, -1 to 1, in whole rounds; how many, and 0 at the end, or where
  /// the sound cannot be decoded further. Error: the feed's.
  [[nodiscard]] Result<std::size_t> read(std::span<float> out);

 private:
  struct Calls;  // libsndfile's way to the bytes

  SoundFile(BlobFeed& feed, ShownFile shown) : feed_(feed), shown_(std::move(shown)) {}

  [[nodiscard]] std::uint64_t size() const noexcept { return shown_.header.size() + shown_.length; }
  [[nodiscard]] std::size_t read_bytes(std::span<std::byte> out);

  BlobFeed& feed_;
  ShownFile shown_;
  std::uint64_t position_ = 0;
  std::optional<Error> failure_;
  sf_private_tag* handle_ = nullptr;
  int channels_ = 0;
  int sample_rate_ = 0;
};

}  // namespace tapedeck::sndfile

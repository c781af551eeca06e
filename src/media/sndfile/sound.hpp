#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "media/sndfile/blob_feed.hpp"

namespace tapedeck::sndfile {

/// The format of a sound.
struct SoundFormat {
  int channels = 0;
  int sample_rate = 0;  ///< Hz
  friend bool operator==(const SoundFormat&, const SoundFormat&) = default;
};

/// Sound that is decoded from front to back. It reads from a feed, which must outlive it. One thread at a time.
class Sound {
 public:
  virtual ~Sound() = default;
  [[nodiscard]] virtual SoundFormat format() const = 0;
  /// FFmpeg's name of it.
  [[nodiscard]] virtual std::string_view codec() const = 0;
  /// The next samples of all channels in turn, from -1 to 1, in whole rounds, valid until the next call; none at the
  /// end, or if the rest cannot be decoded. Error: the feed's.
  [[nodiscard]] virtual Result<std::span<const float>> next() = 0;
};

/// Opens a WAV with libsndfile, which is shown a minimal header: the fmt chunk, and a data chunk of the bytes that are
/// there. So other chunks and a missing length do no harm. Errors: WavWalk::result()'s; kMediaNotAudio if libsndfile
/// does not know the codec; the feed's.
[[nodiscard]] Result<std::unique_ptr<Sound>> open_wav(BlobFeed& feed);

/// Opens an MP3 with libmpg123 itself. Through libsndfile 1.2 a file without a table would end at libmpg123's guess (a
/// VBR file without a Xing or Info frame at a fifth of its length), and each damaged frame would write to standard
/// error, which is our log. Errors: kMediaNotAudio if no frame can be decoded; the feed's.
[[nodiscard]] Result<std::unique_ptr<Sound>> open_mpeg(BlobFeed& feed);

}  // namespace tapedeck::sndfile

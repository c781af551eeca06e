#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "media/sndfile/blob_feed.hpp"

namespace tapedeck::sndfile {

/// What one format of a sound is.
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
  /// As FFmpeg calls it.
  [[nodiscard]] virtual std::string_view codec() const = 0;
  /// The next samples of all channels in turn, -1 to 1, in whole rounds, valid until the next call; none at the end, or
  /// where the sound cannot be decoded further. Error: the feed's.
  [[nodiscard]] virtual Result<std::span<const float>> next() = 0;
};

/// A WAV, by libsndfile. What it is shown has the plainest header that there is: the fmt chunk as it is, and a data
/// chunk of what is there. So the sound is decoded whatever stands around it, and whether or not its length was filled
/// in. Errors: WavWalk::result()'s; kMediaNotAudio when libsndfile does not know the codec; the feed's.
[[nodiscard]] Result<std::unique_ptr<Sound>> open_wav(BlobFeed& feed);

/// An MP3, by libmpg123 itself. Through libsndfile 1.2 it would end where libmpg123 guesses that it ends when the file
/// has no table (a VBR file without a Xing or Info frame: at a fifth of it), and each damaged frame would write to
/// standard error, which is our log. Errors: kMediaNotAudio when there is no frame that can be decoded; the feed's.
[[nodiscard]] Result<std::unique_ptr<Sound>> open_mpeg(BlobFeed& feed);

}  // namespace tapedeck::sndfile

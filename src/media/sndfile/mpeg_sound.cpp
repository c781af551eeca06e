#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <mpg123.h>

#include "media/sndfile/sound.hpp"

namespace tapedeck::sndfile {
namespace {

// Bytes of one read.
constexpr std::size_t kMealBytes = std::size_t{32} * 1024;
// Nothing on standard error, floats, and no tags; a stream that changes its format in the middle ends there.
constexpr long kFlags = MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_SKIP_ID3V2 | MPG123_NO_FRANKENSTEIN;

struct DeleteHandle {
  void operator()(mpg123_handle* handle) const noexcept { ::mpg123_delete(handle); }
};

class MpegSound final : public Sound {
 public:
  explicit MpegSound(BlobFeed& feed) : feed_(feed), meal_(kMealBytes) {}

  // Up to the first frame.
  Result<void> open() {
    // Before 1.27 it must be called first, to fill the library's tables.
    (void)::mpg123_init();
    int status = MPG123_OK;
    handle_.reset(::mpg123_new(nullptr, &status));
    if (handle_ == nullptr) return fail(Errc::kInternal, ::mpg123_plain_strerror(status));
    (void)::mpg123_param(handle_.get(), MPG123_ADD_FLAGS, kFlags, 0);
    status = ::mpg123_open_feed(handle_.get());
    if (status != MPG123_OK) return fail(Errc::kInternal, ::mpg123_strerror(handle_.get()));
    Result<std::span<const float>> first = decode();
    if (!first) return fail(first.error());
    if (first->empty()) return fail(Errc::kMediaNotAudio, "the MP3 has no frame that can be decoded");
    ahead_ = *first;
    return {};
  }

  SoundFormat format() const override { return format_; }
  std::string_view codec() const override { return "mp3"; }

  Result<std::span<const float>> next() override {
    if (!ahead_.empty()) return std::exchange(ahead_, {});
    return decode();
  }

 private:
  // Decodes the samples of the next frame that has any.
  Result<std::span<const float>> decode() {
    while (!is_at_end_) {
      unsigned char* samples = nullptr;
      std::size_t bytes = 0;
      off_t number = 0;
      switch (::mpg123_decode_frame(handle_.get(), &number, &samples, &bytes)) {
        case MPG123_OK:
          if (bytes > 0) return std::span(reinterpret_cast<const float*>(samples), bytes / sizeof(float));
          break;
        case MPG123_NEW_FORMAT: learn_format(); break;
        case MPG123_NEED_MORE:
          if (Result<void> fed = feed_more(); !fed) return fail(fed.error());
          break;
        default:  // its end, or what cannot be decoded further
          is_at_end_ = true;
          break;
      }
    }
    return std::span<const float>{};
  }

  void learn_format() {
    long rate = 0;
    int channels = 0;
    int encoding = 0;
    const int status = ::mpg123_getformat(handle_.get(), &rate, &channels, &encoding);
    const SoundFormat format{channels, static_cast<int>(rate)};
    const bool is_other = format_.channels != 0 && format != format_;
    if (status != MPG123_OK || encoding != MPG123_ENC_FLOAT_32 || is_other) {
      is_at_end_ = true;
    } else {
      format_ = format;
    }
  }

  Result<void> feed_more() {
    const Result<std::size_t> got = feed_.read(position_, std::as_writable_bytes(std::span(meal_)));
    if (!got) return fail(got.error());
    position_ += *got;
    is_at_end_ = *got == 0 || ::mpg123_feed(handle_.get(), meal_.data(), *got) != MPG123_OK;
    return {};
  }

  BlobFeed& feed_;
  std::vector<unsigned char> meal_;
  std::uint64_t position_ = 0;
  std::unique_ptr<mpg123_handle, DeleteHandle> handle_;
  SoundFormat format_;
  std::span<const float> ahead_;  // of the first frame, until it is asked for
  bool is_at_end_ = false;
};

}  // namespace

Result<std::unique_ptr<Sound>> open_mpeg(BlobFeed& feed) {
  auto sound = std::make_unique<MpegSound>(feed);
  if (Result<void> opened = sound->open(); !opened) return fail(opened.error());
  return std::unique_ptr<Sound>(std::move(sound));
}

}  // namespace tapedeck::sndfile

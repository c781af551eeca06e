#include "adapters/sndfile/audio_meter.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <boost/asio/this_coro.hpp>

#include "adapters/sndfile/sound_file.hpp"

namespace tapedeck {
namespace {

// Samples of a channel that are decoded at once.
constexpr std::size_t kBlockFrames = 4'096;
constexpr std::string_view kMpegType = "audio/mpeg";
constexpr std::int64_t kMillisecondsPerSecond = 1'000;

// Of this thread, for good: a tenth of what others get of a core that is wanted. Not less, for the allocator and the
// event loop have locks that this thread holds for moments, and they must not become long ones.
constexpr int kNiceness = 10;

void step_back() { (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness); }

Result<MeasuredAudio> decode(sndfile::SoundFile& file) {
  if (file.channels() < 1 || file.channels() > kPeakChannelsMax) {
    return fail(Errc::kMediaNotAudio,
                fmt::format("{} channels, and at most {} are measured", file.channels(), kPeakChannelsMax));
  }
  PeakBuilder peaks(file.channels());
  std::vector<float> block(kBlockFrames * static_cast<std::size_t>(file.channels()));
  while (true) {
    const Result<std::size_t> got = file.read(block);
    if (!got) return fail(got.error());
    if (*got == 0) break;
    peaks.add(std::span(block).first(*got));
  }
  if (peaks.frames() == 0) return fail(Errc::kMediaEmpty, "the audio has no sound that can be decoded");
  MeasuredAudio measured;
  const auto frames = static_cast<std::int64_t>(peaks.frames());
  measured.measure.duration =
      Milliseconds{(frames * kMillisecondsPerSecond + file.sample_rate() / 2) / file.sample_rate()};
  measured.measure.channels = file.channels();
  measured.measure.sample_rate = file.sample_rate();
  measured.measure.codec = file.codec();
  measured.peaks = peaks.finish();
  return measured;
}

Result<MeasuredAudio> measure_now(Blob& blob, bool is_mpeg, boost::asio::any_io_executor executor,
                                  std::stop_token stop) {
  step_back();
  sndfile::BlobFeed feed(blob, std::move(executor), std::move(stop));
  Result<sndfile::ShownFile> shown = is_mpeg ? show_mpeg(feed) : show_wav(feed);
  if (!shown) return fail(shown.error());
  Result<std::unique_ptr<sndfile::SoundFile>> file = sndfile::SoundFile::open(feed, std::move(*shown));
  if (!file) return fail(file.error());
  return decode(**file);
}

}  // namespace

SndfileAudioMeter::SndfileAudioMeter(std::size_t threads) : pool_("measure", threads) {}

Task<Result<MeasuredAudio>> SndfileAudioMeter::measure(std::shared_ptr<Blob> blob, std::string content_type,
                                                       std::stop_token stop) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const bool is_mpeg = content_type == kMpegType;
  auto work = [&blob, is_mpeg, executor, stop] { return measure_now(*blob, is_mpeg, executor, stop); };
  Result<MeasuredAudio> measured = co_await offload(pool_, work);
  co_return measured;
}

}  // namespace tapedeck

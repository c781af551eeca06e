#include "media/sndfile/audio_meter.hpp"

#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <boost/asio/this_coro.hpp>

#include "media/sndfile/sound.hpp"

namespace tapedeck {
namespace {

constexpr std::string_view kMpegType = "audio/mpeg";
constexpr std::int64_t kMillisecondsPerSecond = 1'000;

// The thread's priority: a tenth of another thread's share of a busy core. Not lower, because this thread briefly holds
// locks of the allocator and the event loop, and others must not wait long for them.
constexpr int kNiceness = 10;

void step_back() { (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness); }

Result<MeasuredAudio> decode(sndfile::Sound& sound) {
  const auto [channels, sample_rate] = sound.format();
  if (channels < 1 || channels > kPeakChannelsMax || sample_rate < 1) {
    return fail(Errc::kMediaNotAudio,
                fmt::format("{} channels of {} Hz: at most {} are measured", channels, sample_rate, kPeakChannelsMax));
  }
  PeakBuilder peaks(channels);
  while (true) {
    const Result<std::span<const float>> samples = sound.next();
    if (!samples) return fail(samples.error());
    if (samples->empty()) break;
    peaks.add(*samples);
  }
  if (peaks.frames() == 0) return fail(Errc::kMediaEmpty, "the audio has no sound that can be decoded");
  MeasuredAudio measured;
  const auto frames = static_cast<std::int64_t>(peaks.frames());
  measured.measure.duration = Milliseconds{(frames * kMillisecondsPerSecond + sample_rate / 2) / sample_rate};
  measured.measure.channels = channels;
  measured.measure.sample_rate = sample_rate;
  measured.measure.codec = sound.codec();
  measured.peaks = peaks.finish();
  return measured;
}

Result<MeasuredAudio> measure_now(Blob& blob, bool is_mpeg, boost::asio::any_io_executor executor,
                                  std::stop_token stop) {
  step_back();
  sndfile::BlobFeed feed(blob, std::move(executor), std::move(stop));
  const Result<std::unique_ptr<sndfile::Sound>> sound = is_mpeg ? open_mpeg(feed) : open_wav(feed);
  if (!sound) return fail(sound.error());
  return decode(**sound);
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

#include "media/measuring.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "blobs/blob_key.hpp"
#include "domain/events.hpp"

namespace tapedeck {
namespace {

constexpr const char* kPeaksType = "application/json";

TaskScope::FailureHandler report_to(EventSink& events) {
  return [&events](std::exception_ptr) { events.emit(event::measure_broke()); };
}

// Nothing was learnt of the recording: a store was away, or the process ends.
bool is_about_us(const Error& error) {
  // The provider may send something better another time; what is stored stays as it is.
  if (errc_name(error.errc()).starts_with("media_")) return false;
  return is_transient(error) || error.errc() == Errc::kCancelled;
}

}  // namespace

Measuring::Measuring(boost::asio::any_io_executor executor, Dependencies dependencies, Options options)
    : executor_(executor),
      d_(dependencies),
      options_(options),
      running_(executor, report_to(dependencies.events)),
      stored_(executor),
      ended_(executor) {}

Task<> Measuring::run(std::stop_token stop) {
  const std::stop_callback wake_stored(stop, Alarm::Ringer{&stored_});
  if (options_.is_alone) {
    auto released = co_await d_.calls.release_measures();
    (void)released;  // else they wait for the end of their claims
  }
  while (!stop.stop_requested()) {
    const bool has_begun = co_await begin_one(stop);
    if (!has_begun && !stop.stop_requested()) co_await stored_.wait_for(kMeasureLook);
  }
  co_await running_.join();
}

// False when there is none.
Task<bool> Measuring::begin_one(std::stop_token stop) {
  co_await wait_until_busy_is_below(options_.at_once);
  const SystemTime now = d_.clock.system_now();
  auto claims = co_await d_.calls.claim_unmeasured(now, now + kMeasureLease, 1);
  if (!claims || claims->empty()) co_return false;  // a store that is away is asked at the next look
  MeasureClaim claim = std::move(claims->front());
  const bool is_alone = claim.tries > 1;
  if (is_alone) co_await wait_until_busy_is_below(1);
  ++busy_;
  running_.spawn(measure(std::move(claim), stop));
  if (is_alone) co_await wait_until_busy_is_below(1);
  co_return true;
}

Task<> Measuring::wait_until_busy_is_below(int count) {
  while (busy_ >= count) co_await ended_.wait();
}

Task<> Measuring::measure(MeasureClaim claim, std::stop_token stop) {
  // On every way out.
  struct Ending {
    Measuring& measuring;
    ~Ending() {
      --measuring.busy_;
      measuring.ended_.ring();
    }
  };
  const Ending ending{*this};
  if (claim.tries > kMeasureTriesMax) {
    Error lost(Errc::kInternal, "decoding it did not come to an end, again and again");
    co_await give_up(std::move(claim), std::move(lost));
    co_return;
  }
  const SteadyTime began = d_.clock.steady_now();
  Result<MeasuredAudio> measured = co_await decode(claim.recording, stop);
  if (!measured) {
    co_await give_up(std::move(claim), measured.error());
    co_return;
  }
  std::string key = peaks_key(claim.recording.audio->blob_key);
  std::string json = peaks_json(measured->measure, measured->peaks);
  Result<void> stored = co_await store_peaks(std::move(key), std::move(json));
  if (!stored) {
    co_await give_up(std::move(claim), stored.error());
    co_return;
  }
  co_await record(std::move(claim.recording), std::move(*measured), began);
}

Task<Result<MeasuredAudio>> Measuring::decode(Recording recording, std::stop_token stop) {
  if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
  auto blob = co_await d_.blobs.open(recording.audio->blob_key);
  if (!blob) co_return fail(blob.error());
  Result<MeasuredAudio> measured = co_await d_.meter.measure(std::move(*blob), recording.audio->content_type, stop);
  co_return measured;
}

Task<Result<void>> Measuring::store_peaks(std::string key, std::string json) {
  auto writer = co_await d_.blobs.create(std::move(key));
  if (!writer) co_return fail(writer.error());
  const BlobFacts facts{sha256_hex(json), kPeaksType};
  Result<void> written = co_await (*writer)->write(std::move(json));
  if (!written) co_return written;
  Result<void> published = co_await (*writer)->publish(facts);
  co_return published;
}

Task<> Measuring::record(Recording recording, MeasuredAudio measured, SteadyTime began) {
  const std::string blob_key = recording.audio->blob_key;
  auto recorded = co_await d_.calls.record_measure(recording.row_id, blob_key, measured.measure);
  if (!recorded && recorded.error().errc() == Errc::kStaleFence) {
    // It was deleted meanwhile, and whoever did so may not have found the peaks yet.
    auto removed = co_await d_.blobs.remove(peaks_key(blob_key));
    (void)removed;
    co_return;
  }
  if (!recorded) co_return;  // the claim ends by itself, and the next one finds the same
  d_.events.emit(event::recording_measured(recording, measured.measure.duration, d_.clock.steady_now() - began));
  tell_difference(recording, measured.measure);
}

void Measuring::tell_difference(const Recording& recording, const AudioMeasure& measure) {
  if (!recording.duration_seconds || !durations_differ(*recording.duration_seconds, measure.duration)) return;
  d_.events.emit(event::duration_differs(recording, *recording.duration_seconds, measure.duration));
}

Task<> Measuring::give_up(MeasureClaim claim, Error error) {
  MeasureFailure failure;
  failure.cause = {std::string(errc_name(error.errc())), error.detail};
  failure.try_counts = !is_about_us(error);
  const SystemTime now = d_.clock.system_now();
  if (error.errc() == Errc::kCancelled) {
    failure.again_at = now;
  } else if (is_about_us(error) || (is_not_found(error) && claim.tries < kMeasureTriesMax)) {
    failure.again_at = now + kMeasurePause;
  }
  const bool is_final = !failure.again_at;
  auto recorded = co_await d_.calls.fail_measure(claim.recording.row_id, claim.recording.audio->blob_key, failure);
  if (!recorded || error.errc() == Errc::kCancelled) co_return;
  d_.events.emit(event::measure_failed(claim.recording, failure.cause, is_final));
}

}  // namespace tapedeck

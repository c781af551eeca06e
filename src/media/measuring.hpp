#pragma once

#include <stop_token>

#include <boost/asio/any_io_executor.hpp>

#include "blobs/blob_store.hpp"
#include "calls/ports/measure_store.hpp"
#include "domain/event_sink.hpp"
#include "media/audio_meter.hpp"
#include "runtime/alarm.hpp"
#include "runtime/clock.hpp"
#include "runtime/task_scope.hpp"

namespace tapedeck {

/// Interval between scans for unmeasured recordings.
inline constexpr Milliseconds kMeasureLook{30'000};
/// Lifetime of a claim. Measuring an hour of sound takes a second, or minutes on a busy machine. If a process dies, its
/// recording waits for this long.
inline constexpr Milliseconds kMeasureLease{10 * 60'000};
/// Attempts, each ended by the death of its process or by a missing blob, after which a recording is given up.
inline constexpr int kMeasureTriesMax = 5;
/// Pause before the next attempt after a failure that may pass.
inline constexpr Milliseconds kMeasurePause{5 * 60'000};

/// Measures stored recordings by decoding them: their duration, and their waveform, which it stores beside the audio.
/// It runs after a recording is stored, and needs no slot: whatever its outcome, the recording plays.
///
/// The call store tells what to do: measure the recordings that are stored and not measured, be they new, left behind
/// by a dead worker, or older than this code. Each is claimed first, so that workers share the work. A recording that
/// crashes the decoder is given up after kMeasureTriesMax attempts; so that it does not take others with it, recordings
/// are claimed one by one, and a second attempt runs alone. The last stored go first, because people look at new ones.
/// One executor of one thread.
class Measuring {
 public:
  struct Dependencies {
    MeasureStore& measures;
    BlobStore& blobs;
    AudioMeter& meter;
    Clock& clock;
    EventSink& events;
  };

  struct Options {
    int at_once = 1;  ///< most recordings that are decoded at a time
    /// No other process measures, so earlier claims are void.
    bool is_alone = false;
  };

  Measuring(boost::asio::any_io_executor executor, Dependencies dependencies, Options options);

  /// Works until `stop` is requested; then gives back the recordings it is at.
  [[nodiscard]] Task<> run(std::stop_token stop);
  /// To be called when a recording was stored. Thread-safe.
  void ring() { stored_.ring(); }

 private:
  [[nodiscard]] Task<bool> begin_one(std::stop_token stop);
  [[nodiscard]] Task<> wait_until_busy_is_below(int count);
  [[nodiscard]] Task<> measure(MeasureClaim claim, std::stop_token stop);
  [[nodiscard]] Task<Result<MeasuredAudio>> decode(Recording recording, std::stop_token stop);
  [[nodiscard]] Task<Result<void>> store_peaks(std::string key, std::string json, std::stop_token stop);
  [[nodiscard]] Task<> record(Recording recording, MeasuredAudio measured, SteadyTime began);
  [[nodiscard]] Task<> give_up(MeasureClaim claim, Error error);
  void tell_difference(const Recording& recording, const AudioMeasure& measure);

  boost::asio::any_io_executor executor_;
  Dependencies d_;
  Options options_;
  TaskScope running_;
  int busy_ = 0;  // tasks of running_ that have not ended
  Alarm stored_;
  Alarm ended_;
};

}  // namespace tapedeck

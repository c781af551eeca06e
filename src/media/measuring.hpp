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

/// How often it is looked for recordings that others stored, or that were left behind.
inline constexpr Milliseconds kMeasureLook{30'000};
/// How long a claimed recording is the claimant's. An hour of sound takes a second, and minutes where the machine has
/// no time at all. It is how long a recording waits whose process died.
inline constexpr Milliseconds kMeasureLease{10 * 60'000};
/// Tries after which a recording is given up: of each its process did not live to tell the end, or the blob was
/// missing.
inline constexpr int kMeasureTriesMax = 5;
/// Until the next try, where it may help.
inline constexpr Milliseconds kMeasurePause{5 * 60'000};

/// Finds out what is in stored recordings, by decoding them: their duration, and their waveform, which it stores beside
/// the audio. All of it after the recording is stored, and without a slot: whatever becomes of it, the recording plays.
///
/// The call store is the list of what is to be done: a recording that is stored and not measured, whether it has just
/// come, or its worker died in between, or it is older than this code. Each is claimed before it is touched, so that
/// workers share the work, and one on which a decoder crashes is given up after kMeasureTriesMax of them. So that it
/// does not take others with it, they are claimed one by one, and each that is tried again is decoded alone. The last
/// stored go first, for people look at what is new. One executor of one thread.
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
    /// No other process measures: what was claimed before belongs to nobody.
    bool is_alone = false;
  };

  Measuring(boost::asio::any_io_executor executor, Dependencies dependencies, Options options);

  /// Until `stop` is requested; what runs then is given back.
  [[nodiscard]] Task<> run(std::stop_token stop);
  /// A recording was stored. Thread-safe.
  void ring() { stored_.ring(); }

 private:
  [[nodiscard]] Task<bool> begin_one(std::stop_token stop);
  [[nodiscard]] Task<> wait_until_busy_is_below(int count);
  [[nodiscard]] Task<> measure(MeasureClaim claim, std::stop_token stop);
  [[nodiscard]] Task<Result<MeasuredAudio>> decode(Recording recording, std::stop_token stop);
  [[nodiscard]] Task<Result<void>> store_peaks(std::string key, std::string json);
  [[nodiscard]] Task<> record(Recording recording, MeasuredAudio measured, SteadyTime began);
  [[nodiscard]] Task<> give_up(MeasureClaim claim, Error error);
  void tell_difference(const Recording& recording, const AudioMeasure& measure);

  boost::asio::any_io_executor executor_;
  Dependencies d_;
  Options options_;
  TaskScope running_;
  int busy_ = 0;  // of running_, those that have not come to their end
  Alarm stored_;
  Alarm ended_;
};

}  // namespace tapedeck

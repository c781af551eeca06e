#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/hot_recordings.hpp"
#include "app/progress.hpp"
#include "core/recording.hpp"
#include "core/slot_protocol.hpp"
#include "ports/blob_store.hpp"
#include "ports/call_store.hpp"
#include "ports/clock.hpp"
#include "ports/event_sink.hpp"
#include "ports/random.hpp"
#include "ports/slot_store.hpp"

namespace tapedeck {

/// A recording, and where it stands: what stream and status answer from.
struct RecordingView {
  Recording recording;
  SlotStatus slot;                   ///< of a queued or processing one
  std::optional<Progress> progress;  ///< of a running fetch in this process
};

/// What users do to recordings. Every function answers kNotFound for what does not exist or is another business's, and
/// kUnavailable while a store that it needs is away.
class Recordings {
 public:
  Recordings(CallStore& calls, SlotStore& slots, BlobStore& blobs, Clock& clock, Random& random, EventSink& events,
             ProgressBoard& progress, HotRecordings& hot)
      : calls_(calls),
        slots_(slots),
        blobs_(blobs),
        clock_(clock),
        random_(random),
        events_(events),
        progress_(progress),
        hot_(hot) {}

  /// A user's press of play. Asks for what is not stored; durable before it returns.
  [[nodiscard]] Task<Result<RecordingView>> press(BusinessId business, Sid sid);
  /// The same view, and starts nothing: for HEAD, a prefetch, and status.
  [[nodiscard]] Task<Result<RecordingView>> look(BusinessId business, Sid sid);
  /// The open audio of a stored recording; hot ones touch no store. kNotFound also when it is not stored.
  [[nodiscard]] Task<Result<std::shared_ptr<const HotRecording>>> open(BusinessId business, Sid sid);

  [[nodiscard]] Task<Result<RecordingView>> retry(BusinessId business, Sid sid);
  /// Stops waiting. kConflict: it is running, or was not waiting.
  [[nodiscard]] Task<Result<RecordingView>> cancel(BusinessId business, Sid sid);
  /// Removes the audio and forgets the content. Idempotent.
  [[nodiscard]] Task<Result<void>> remove(BusinessId business, Sid sid);

  /// Active, waiting and delayed, in order, with reasons; at most `most` items.
  [[nodiscard]] Task<Result<BusinessView>> queue(BusinessId business, int most);

 private:
  [[nodiscard]] Task<Result<RecordingView>> ask(Recording recording, Lane lane);
  [[nodiscard]] Task<Result<RecordingView>> view_of(Recording recording);

  CallStore& calls_;
  SlotStore& slots_;
  BlobStore& blobs_;
  Clock& clock_;
  Random& random_;
  EventSink& events_;
  ProgressBoard& progress_;
  HotRecordings& hot_;
};

}  // namespace tapedeck

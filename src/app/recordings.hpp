#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/hot_recordings.hpp"
#include "app/progress.hpp"
#include "blobs/blob_store.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"
#include "slots/protocol/slot_protocol.hpp"
#include "slots/slot_requests.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// A recording, and where it stands: what stream and status answer from.
struct RecordingView {
  Recording recording;
  SlotStatus slot;                   ///< of a queued or processing one
  std::optional<Progress> progress;  ///< of a running fetch
};

/// Either the audio, or why there is none yet.
struct Playback {
  std::shared_ptr<const HotRecording> audio;  ///< null: not stored
  RecordingView view;                         ///< when not stored
};

/// The waveform of a recording, or why there is none yet.
struct Waveform {
  std::shared_ptr<Blob> peaks;  ///< a JSON object (media/peaks.hpp); null: none
  RecordingView view;           ///< of a stored one without peaks: it is not measured yet, or has its measure_cause
};

/// How much longer than its recording a link to the object store lives: for pauses, and for seeking back.
inline constexpr Seconds kDirectLinkSlack{3'600};
/// Taken for the duration of a recording of which nobody told one.
inline constexpr Seconds kDurationUnknown{4 * 3'600};

/// What users do to recordings. Every function answers kNotFound for what does not exist or is another business's, and
/// kUnavailable while a store that it needs is away.
class Recordings {
 public:
  Recordings(CallStore& calls, SlotStore& slots, SlotRequests& requests, BlobStore& blobs, Clock& clock,
             ProgressBoard& progress, HotRecordings& hot)
      : calls_(calls),
        slots_(slots),
        requests_(requests),
        blobs_(blobs),
        clock_(clock),
        progress_(progress),
        hot_(hot) {}

  /// What a stream is answered from: the open audio of a stored recording (hot ones touch no store), or where it
  /// stands. A press of play asks for what is not stored, durable before this returns; kLook (HEAD, a prefetch) starts
  /// nothing. kCorrupt: what is stored is damaged, and not played; a press asks for it anew, if the provider has it.
  enum class Intent { kPress, kLook };
  [[nodiscard]] Task<Result<Playback>> play(BusinessId business, Sid sid, Intent intent);
  /// Its waveform. Of a recording that is not stored it says where that stands, and asks for nothing.
  [[nodiscard]] Task<Result<Waveform>> waveform(BusinessId business, Sid sid);
  /// A URL at which the store of the audio itself answers, for longer than the recording lasts; none where it has no
  /// such thing. Asks nobody.
  [[nodiscard]] std::optional<std::string> direct_link(const HotRecording& audio);
  /// Where it stands; starts nothing.
  [[nodiscard]] Task<Result<RecordingView>> look(BusinessId business, Sid sid);

  [[nodiscard]] Task<Result<RecordingView>> retry(BusinessId business, Sid sid);
  /// Stops waiting. kConflict: it is running, or was not waiting.
  [[nodiscard]] Task<Result<RecordingView>> cancel(BusinessId business, Sid sid);
  /// Removes the audio and forgets the content. Idempotent. kConflict: it is held.
  [[nodiscard]] Task<Result<void>> remove(BusinessId business, Sid sid);

  /// Puts a recording under a legal hold, for `reason`, or ends it with none; see CallStore::set_hold().
  [[nodiscard]] Task<Result<RecordingView>> hold(BusinessId business, Sid sid, std::optional<std::string> reason);

  /// Active, waiting and delayed, in order, with reasons; at most `most` items.
  [[nodiscard]] Task<Result<QueueState>> queue(BusinessId business, int most);

 private:
  [[nodiscard]] Task<Result<RecordingView>> press(Recording recording);
  [[nodiscard]] Task<Result<std::shared_ptr<const HotRecording>>> open(Sid asked_as, Recording recording);
  [[nodiscard]] Task<Error> refuse_damaged(Recording recording, Error damage, Intent intent);
  [[nodiscard]] Task<Result<RecordingView>> ask(Recording recording, Lane lane);
  [[nodiscard]] Task<Result<RecordingView>> view_of(Recording recording);

  CallStore& calls_;
  SlotStore& slots_;
  SlotRequests& requests_;
  BlobStore& blobs_;
  Clock& clock_;
  ProgressBoard& progress_;
  HotRecordings& hot_;
};

}  // namespace tapedeck

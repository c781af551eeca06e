#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/hot_recordings.hpp"
#include "app/progress.hpp"
#include "blobs/blob_store.hpp"
#include "calls/ports/keeping_store.hpp"
#include "calls/ports/measure_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "domain/recording.hpp"
#include "runtime/clock.hpp"
#include "slots/protocol/slot_protocol.hpp"
#include "slots/slot_requests.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// A recording and its place in the queue, for the answers of stream and status.
struct RecordingView {
  Recording recording;
  SlotStatus slot;                   ///< of a queued or processing recording
  std::optional<Progress> progress;  ///< of a running fetch
};

/// The audio, or why there is none yet.
struct Playback {
  std::shared_ptr<const HotRecording> audio;  ///< null: not stored
  RecordingView view;                         ///< of a recording that is not stored
};

/// The waveform of a recording, or why there is none yet.
struct Waveform {
  std::shared_ptr<Blob> peaks;  ///< a JSON object (media/peaks.hpp); null: none
  RecordingView view;           ///< a stored recording without peaks is not measured yet, or has a measure_cause
};

/// How much longer than its recording a link to the object store is valid, for pauses and seeking back.
inline constexpr Seconds kDirectLinkSlack{3'600};
/// Assumed duration of a recording whose duration is unknown.
inline constexpr Seconds kDurationUnknown{4 * 3'600};

/// What users do to recordings. Every function fails with kNotFound if the recording does not exist or belongs to
/// another business, and with kUnavailable while a store that it needs is away.
class Play {
 public:
  Play(RecordingStore& recordings, KeepingStore& keeping, MeasureStore& measures, SlotStore& slots,
       SlotRequests& requests, BlobStore& blobs, Clock& clock, ProgressBoard& progress, HotRecordings& hot)
      : recordings_(recordings),
        keeping_(keeping),
        measures_(measures),
        slots_(slots),
        requests_(requests),
        blobs_(blobs),
        clock_(clock),
        progress_(progress),
        hot_(hot) {}

  /// The open audio of a stored recording (a hot one asks no store), or its place in the queue. kPress, a press of
  /// play, requests a recording that is not stored, durably before this returns; kLook (HEAD, a prefetch) starts
  /// nothing. kCorrupt: the audio is damaged, and not played; a press requests it again if the provider has it.
  enum class Act { kPress, kLook };
  [[nodiscard]] Task<Result<Playback>> play(BusinessId business, Sid sid, Act act);
  /// The waveform, or the recording's place in the queue. Starts no download.
  [[nodiscard]] Task<Result<Waveform>> waveform(BusinessId business, Sid sid);
  /// A URL of the audio in its store, valid for longer than the recording lasts; none if the store has no such URLs.
  /// Sends no request.
  [[nodiscard]] std::optional<std::string> direct_link(const HotRecording& audio);
  /// The recording and its place in the queue. Starts nothing.
  [[nodiscard]] Task<Result<RecordingView>> look(BusinessId business, Sid sid);

  [[nodiscard]] Task<Result<RecordingView>> retry(BusinessId business, Sid sid);
  /// Takes it out of the queue. kConflict: it is running, or was not waiting.
  [[nodiscard]] Task<Result<RecordingView>> cancel(BusinessId business, Sid sid);
  /// Removes the audio; returns the deleted recording. Idempotent. kConflict: it is under legal hold.
  [[nodiscard]] Task<Result<Recording>> remove(BusinessId business, Sid sid);

  /// Puts a recording under legal hold for `reason`; without a reason ends the hold. See KeepingStore::set_hold().
  [[nodiscard]] Task<Result<RecordingView>> hold(BusinessId business, Sid sid, std::optional<std::string> reason);

  /// The active, waiting and delayed recordings, in order, with reasons; at most `most`.
  [[nodiscard]] Task<Result<QueueState>> queue(BusinessId business, int most);

 private:
  [[nodiscard]] Task<Result<RecordingView>> press(Recording recording);
  [[nodiscard]] Task<Result<std::shared_ptr<const HotRecording>>> open(Sid asked_as, Recording recording);
  [[nodiscard]] Task<Error> refuse_damaged(Recording recording, Error damage, Act act);
  [[nodiscard]] Task<Result<RecordingView>> ask(Recording recording, Lane lane);
  [[nodiscard]] Task<Result<RecordingView>> view_of(Recording recording);

  RecordingStore& recordings_;
  KeepingStore& keeping_;
  MeasureStore& measures_;
  SlotStore& slots_;
  SlotRequests& requests_;
  BlobStore& blobs_;
  Clock& clock_;
  ProgressBoard& progress_;
  HotRecordings& hot_;
};

}  // namespace tapedeck

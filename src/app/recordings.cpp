#include "app/recordings.hpp"

#include <fmt/format.h>

#include "blobs/blob_key.hpp"
#include "blobs/blob_removal.hpp"

namespace tapedeck {
namespace {

// Slots that were lost hold nothing that could be cancelled.
bool is_lost(const Error& error) { return error.errc() == Errc::kSlotsLost; }

Error unknown_recording() { return Error(Errc::kNotFound, "there is no such recording"); }

}  // namespace

Task<Result<Playback>> Recordings::play(BusinessId business, Sid sid, Intent intent) {
  Playback playback;
  playback.audio = hot_.find(business, sid);
  if (playback.audio) co_return playback;

  auto found = co_await calls_.find_recording(business, sid);
  if (!found) co_return fail(found.error());
  if (!*found) co_return fail(unknown_recording());
  // What is deleted keeps its blob's name until the blob is gone.
  if ((*found)->state != RecordingState::kStored) {
    auto view = intent == Intent::kPress ? press(std::move(**found)) : view_of(std::move(**found));
    auto standing = co_await std::move(view);
    if (!standing) co_return fail(standing.error());
    playback.view = std::move(*standing);
    if (playback.view.recording.state != RecordingState::kStored) co_return playback;
    *found = playback.view.recording;  // it became stored meanwhile
  }
  if ((*found)->damage) {
    Error known(Errc::kCorrupt, *(*found)->damage);
    Error refusal = co_await refuse_damaged(std::move(**found), std::move(known), intent);
    co_return fail(std::move(refusal));
  }
  auto audio = co_await open(sid, **found);
  if (!audio && audio.error().errc() == Errc::kCorrupt) {
    Error refusal = co_await refuse_damaged(std::move(**found), std::move(audio.error()), intent);
    co_return fail(std::move(refusal));
  }
  if (!audio) co_return fail(audio.error());
  playback.audio = std::move(*audio);
  co_return playback;
}

std::optional<std::string> Recordings::direct_link(const HotRecording& audio) {
  const std::optional<int> seconds = audio.recording.duration_seconds;
  const Seconds duration = seconds ? Seconds{*seconds} : kDurationUnknown;
  return blobs_.link(audio.recording.audio->blob_key, duration + kDirectLinkSlack);
}

// What is known to be damaged is fetched anew as if it were not stored; the next press finds it queued.
Task<Error> Recordings::refuse_damaged(Recording recording, Error damage, Intent intent) {
  hot_.erase(recording);
  if (!recording.damage) {
    auto noted = co_await calls_.note_damage(recording.row_id, recording.audio->blob_key, damage.detail);
    if (!noted) co_return damage;
  }
  if (intent == Intent::kLook || recording.source_gone) co_return damage;
  const BusinessId business = recording.business;
  const Sid sid = recording.sid;
  const SlotRequests::Pending pending(requests_, business, sid);
  auto queued = co_await calls_.refetch(business, sid, Lane::kPlay, clock_.system_now());
  if (!queued || !queued->changed) co_return damage;
  auto asked = co_await ask(std::move(queued->recording), Lane::kPlay);
  (void)asked;  // durable already: the reconciliation asks again when the slot store is back
  damage.detail += "; it is fetched again";
  co_return damage;
}

Task<Result<RecordingView>> Recordings::press(Recording recording) {
  const RecordingState state = recording.state;
  const bool is_waiting = state == RecordingState::kQueued || state == RecordingState::kProcessing;
  if (state != RecordingState::kRemote && !is_waiting) co_return co_await view_of(std::move(recording));

  const BusinessId business = recording.business;
  const Sid sid = recording.sid;
  const SlotRequests::Pending pending(requests_, business, sid);
  auto wanted = co_await calls_.want(business, sid, Lane::kPlay, clock_.system_now());
  if (!wanted) co_return fail(wanted.error());
  co_return co_await ask(std::move(wanted->recording), Lane::kPlay);
}

Task<Result<RecordingView>> Recordings::ask(Recording recording, Lane lane) {
  if (recording.state != RecordingState::kQueued && recording.state != RecordingState::kProcessing) {
    co_return co_await view_of(std::move(recording));
  }
  const BusinessId business = recording.business;
  const Sid sid = recording.sid;
  auto answer = co_await requests_.ask(business, sid, lane);
  if (!answer) co_return fail(answer.error());
  RecordingView view;
  view.recording = std::move(recording);
  view.slot = std::move(answer->status);
  view.progress = progress_.find(business, sid);
  co_return view;
}

Task<Result<RecordingView>> Recordings::look(BusinessId business, Sid sid) {
  auto found = co_await calls_.find_recording(business, sid);
  if (!found) co_return fail(found.error());
  if (!*found) co_return fail(unknown_recording());
  co_return co_await view_of(std::move(**found));
}

Task<Result<RecordingView>> Recordings::view_of(Recording recording) {
  RecordingView view;
  view.recording = std::move(recording);
  const RecordingState state = view.recording.state;
  if (state != RecordingState::kQueued && state != RecordingState::kProcessing) co_return view;

  const BusinessId business = view.recording.business;
  const Sid sid = view.recording.sid;
  auto status = co_await slots_.status(business, sid);
  if (status) {
    view.slot = std::move(*status);
  } else {
    view.slot.why = "the slot store is away; the recording keeps its place";
  }
  if (view.slot.place == SlotPlace::kNone) {
    // It may have been finished between the two questions: the call store is the truth.
    auto again = co_await calls_.find_recording(business, sid);
    if (again && *again) view.recording = std::move(**again);
  }
  if (view.slot.place == SlotPlace::kNone && view.recording.retry_at) {
    view.slot.place = SlotPlace::kDelayed;
    view.slot.until = view.recording.retry_at;
  }
  if (view.slot.place == SlotPlace::kDelayed && view.slot.why.empty() && view.recording.cause) {
    view.slot.why = view.recording.cause->detail;
  }
  view.progress = progress_.find(business, sid);
  if (!view.progress && view.slot.place == SlotPlace::kRunning) {
    auto elsewhere = co_await slots_.progress_of(business, sid);
    if (elsewhere) view.progress = *elsewhere;
  }
  co_return view;
}

Task<Result<std::shared_ptr<const HotRecording>>> Recordings::open(Sid asked_as, Recording recording) {
  auto blob = co_await blobs_.open(recording.audio->blob_key);
  if (!blob && is_not_found(blob.error())) {
    co_return fail(Errc::kCorrupt, "the stored audio is missing");
  }
  if (!blob) co_return fail(blob.error());
  if ((*blob)->size() != recording.audio->size_bytes) {
    co_return fail(Errc::kCorrupt, fmt::format("the stored audio has {} bytes, and should have {}", (*blob)->size(),
                                               recording.audio->size_bytes));
  }
  auto hot = std::make_shared<HotRecording>();
  hot->etag = fmt::format("\"{}\"", recording.audio->sha256);
  hot->last_modified = format_http_date(recording.audio->stored_at);
  hot->blob = std::move(*blob);
  const BusinessId business = recording.business;
  hot->recording = std::move(recording);
  hot_.insert(business, asked_as, hot);
  co_return std::shared_ptr<const HotRecording>(std::move(hot));
}

Task<Result<Waveform>> Recordings::waveform(BusinessId business, Sid sid) {
  Waveform waveform;
  auto view = co_await look(business, sid);
  if (!view) co_return fail(view.error());
  waveform.view = std::move(*view);
  const Recording& recording = waveform.view.recording;
  if (recording.state != RecordingState::kStored || !recording.measure) co_return waveform;
  const std::string audio_key = recording.audio->blob_key;
  auto peaks = co_await blobs_.open(peaks_key(audio_key));
  if (peaks) {
    waveform.peaks = std::move(*peaks);
    co_return waveform;
  }
  if (!is_not_found(peaks.error())) co_return fail(peaks.error());
  // The audio was brought here without them, or somebody removed them: a worker makes them anew.
  auto again = co_await calls_.measure_again(recording.row_id, audio_key);
  if (!again && again.error().errc() != Errc::kStaleFence) co_return fail(again.error());
  co_return waveform;
}

Task<Result<RecordingView>> Recordings::retry(BusinessId business, Sid sid) {
  auto found = co_await calls_.find_recording(business, sid);
  if (!found) co_return fail(found.error());
  const SlotRequests::Pending pending(requests_, business, *found ? (*found)->sid : sid);
  auto retried = co_await calls_.retry(business, sid, clock_.system_now());
  if (!retried) co_return fail(retried.error());
  if (!retried->changed) co_return co_await press(std::move(retried->recording));
  // What backs off in the slot store would go on doing so: it asks anew.
  const Sid name = retried->recording.sid;
  auto cancelled = co_await slots_.cancel(business, name);
  if (!cancelled && !is_lost(cancelled.error())) co_return fail(cancelled.error());
  co_return co_await ask(std::move(retried->recording), Lane::kPlay);
}

Task<Result<RecordingView>> Recordings::cancel(BusinessId business, Sid sid) {
  auto cancelled = co_await calls_.cancel(business, sid);
  if (!cancelled) co_return fail(cancelled.error());
  if (!cancelled->changed) {
    co_return fail(Errc::kConflict, fmt::format("the recording is {}, so it cannot be cancelled: only a queued one can",
                                                state_name(cancelled->recording.state)));
  }
  const Sid name = cancelled->recording.sid;
  auto freed = co_await slots_.cancel(business, name);
  if (!freed && !is_lost(freed.error())) co_return fail(freed.error());
  co_return co_await view_of(std::move(cancelled->recording));
}

Task<Result<void>> Recordings::remove(BusinessId business, Sid sid) {
  auto removed = co_await calls_.remove(business, sid);
  if (!removed) co_return fail(removed.error());
  const Recording recording = std::move(removed->recording);
  hot_.erase(recording);
  auto freed = co_await slots_.cancel(business, recording.sid);
  (void)freed;  // a worker that claims it finds nothing to fetch
  if (!recording.audio) co_return Result<void>();

  auto gone = co_await remove_blobs(blobs_, recording.audio->blob_key);
  if (!gone) co_return Result<void>();  // the row keeps the key, and the collector tries again
  co_return co_await calls_.forget_blob(recording.row_id);
}

Task<Result<RecordingView>> Recordings::hold(BusinessId business, Sid sid, std::optional<std::string> reason) {
  std::optional<Hold> hold;
  if (reason) hold = Hold{std::move(*reason), clock_.system_now()};
  auto changed = co_await calls_.set_hold(std::move(business), std::move(sid), std::move(hold));
  if (!changed) co_return fail(changed.error());
  co_return co_await view_of(std::move(changed->recording));
}

Task<Result<QueueState>> Recordings::queue(BusinessId business, int most) {
  auto view = co_await slots_.view(business, most);
  if (view || !is_lost(view.error())) co_return view;
  auto rebuilt = co_await requests_.rebuild(business);
  if (!rebuilt) co_return fail(rebuilt.error());
  co_return co_await slots_.view(business, most);
}

}  // namespace tapedeck

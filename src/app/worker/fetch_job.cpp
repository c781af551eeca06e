#include "app/worker/fetch_job.hpp"

#include <fmt/format.h>

#include "app/worker/media_sink.hpp"
#include "blobs/blob_key.hpp"
#include "domain/events.hpp"

namespace tapedeck {
namespace {

FinishOutcome done() { return {FinishKind::kDone, std::nullopt, {}}; }
FinishOutcome handed_back() { return {FinishKind::kHandBack, std::nullopt, {}}; }
FinishOutcome retry_at(SystemTime at, std::string why) { return {FinishKind::kRetry, at, std::move(why)}; }

// Another attempt has the row.
bool is_stale(const Result<void>& result) { return !result && result.error().errc() == Errc::kStaleFence; }

}  // namespace

Task<FinishOutcome> FetchJob::run() {
  auto business = co_await d_.businesses.find(claim_.business);
  if (!business) co_return retry_at(d_.clock.system_now() + kStoreAwayPause, business.error().detail);
  if (!*business) co_return done();

  const auto pause = d_.backoff.of_account((*business)->account, d_.clock.system_now());
  if (pause) {
    auto blocked = co_await d_.slots.block(claim_.business, pause->until, pause->why);
    (void)blocked;
    co_return handed_back();
  }

  auto begun = co_await d_.attempts.begin_attempt(claim_.business, claim_.sid);
  if (!begun) co_return retry_at(d_.clock.system_now() + kStoreAwayPause, begun.error().detail);
  if (!*begun) co_return done();  // another worker was faster, or the recording is no longer wanted
  const bool is_held = co_await confirm_lease();
  if (!is_held) co_return co_await hand_back(std::move(**begun), AttemptConnection::kNeverOpened);
  co_return co_await fetch(std::move(**business), std::move(**begun));
}

// While the slot store is away it goes on until the worker finds the lease too old.
Task<bool> FetchJob::confirm_lease() {
  const std::vector<LeaseRef> lease{{claim_.business, claim_.sid, claim_.lease}};
  while (!stops_.close.stop_requested()) {
    const SteadyTime sent = d_.clock.steady_now();
    auto renewed = co_await d_.slots.renew(lease);
    if (renewed && (!renewed->front() || stops_.close.stop_requested())) co_return false;
    if (renewed) {
      watch_.connecting(sent);
      co_return true;
    }
    co_await d_.clock.sleep_for(kConfirmPause, stops_.close);
  }
  co_return false;
}

Task<FinishOutcome> FetchJob::fetch(Business business, Recording recording) {
  const FetchRequest request = request_for(business, recording);
  Transfer transfer;
  auto audio = co_await fetch_to_blob(request, recording, &transfer);
  watch_.closed();  // also if it was never opened
  d_.progress.erase(claim_.business, claim_.sid);
  if (transfer.cut_by_us) co_await d_.clock.sleep_for(kCutTransferLinger, stops_.abandon);

  if (audio) {
    d_.backoff.succeeded(business.account, business.id);
    co_return co_await commit(std::move(recording), std::move(*audio), transfer.ended);
  }
  if (stops_.close.stop_requested()) co_return co_await hand_back(std::move(recording), AttemptConnection::kClosed);
  co_return co_await give_up_attempt(std::move(business), request, std::move(recording), audio.error());
}

Task<Result<StoredAudio>> FetchJob::fetch_to_blob(FetchRequest request, Recording recording, Transfer* transfer) {
  if (request.login_account.empty()) {
    co_return fail(Errc::kProviderUnauthorized,
                   "no provider account: give the business one, or set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN");
  }
  const AudioKind kind = kind_of(request.format);
  const std::string key = blob_key({recording.business, recording.account, recording.recording, recording.fence, kind});
  auto writer = co_await d_.blobs.create(key);
  if (!writer) co_return fail(writer.error());

  ProgressBoard& board = d_.progress;
  const BusinessId business_id = claim_.business;
  const Sid sid = claim_.sid;
  MediaSink sink(**writer, kind,
                 [&board, business_id, sid](Progress progress) { board.update(business_id, sid, progress); });
  FetchOutcome fetched = co_await d_.source.fetch(request, sink, stops_.close);
  *transfer = {fetched.cut_by_us, d_.clock.steady_now()};
  watch_.closed();
  if (!fetched.result) co_return fail(fetched.result.error());
  auto checked = sink.finish();
  if (!checked) co_return fail(checked.error());
  const BlobFacts facts{sink.sha256_hex(), std::string(content_type_of(checked->kind))};
  auto published = co_await (*writer)->publish(facts, stops_.upload);
  if (!published) co_return fail(published.error());
  co_return StoredAudio{key, checked->size_bytes, facts.content_type, facts.sha256_hex, d_.clock.system_now()};
}

template <class Write>
Task<Result<void>> FetchJob::record(Write write) {
  for (int attempts = 1;; ++attempts) {
    Result<void> written = co_await write();
    const bool is_last = attempts == kRecordTries || stops_.abandon.stop_requested();
    if (written || is_stale(written) || is_last) co_return written;
    co_await d_.clock.sleep_for(kRecordPause, stops_.abandon);
  }
}

Task<FinishOutcome> FetchJob::commit(Recording recording, StoredAudio audio, SteadyTime last_byte) {
  const std::string key = audio.blob_key;
  const auto size = static_cast<std::int64_t>(audio.size_bytes);
  auto commit_row = [this, &recording, &audio] {
    return d_.attempts.commit_stored(recording.row_id, recording.fence, audio);
  };
  Result<void> committed = co_await record(commit_row);
  if (is_stale(committed)) {
    d_.events.emit(event::commit_fenced(recording));
    auto removed = co_await d_.blobs.remove(key);
    (void)removed;
    co_await close_attempt(std::move(recording));
    co_return done();
  }
  if (!committed) {
    const RetryDecision later{RetryKind::kRetry, RetryScope::kRecording, d_.clock.system_now() + kStoreAwayPause, true};
    co_return co_await record_failure(std::move(recording), committed.error(), later);
  }
  stored_ = true;
  co_await remove_superseded(recording, key);
  d_.events.emit(event::recording_stored(recording, size, d_.clock.steady_now() - last_byte));
  co_return done();
}

// Removes blobs of earlier attempts that were published and not committed.
Task<> FetchJob::remove_superseded(Recording recording, std::string key) {
  const auto name = parse_blob_key(key);
  if (recording.fence <= 1 || !name) co_return;
  for (const std::string& older : superseded_blob_keys(*name)) {
    if (stops_.abandon.stop_requested()) co_return;  // the storage check removes the rest
    auto removed = co_await d_.blobs.remove(older);
    (void)removed;
  }
}

Task<FinishOutcome> FetchJob::hand_back(Recording recording, AttemptConnection connection) {
  auto returned = co_await d_.attempts.hand_back(recording.row_id, recording.fence, connection);
  // The reconciliation finds a row that stays processing.
  if (is_stale(returned) && connection == AttemptConnection::kClosed) co_await close_attempt(std::move(recording));
  co_return handed_back();
}

// The row has moved on without this attempt, whose connection is closed.
Task<> FetchJob::close_attempt(Recording recording) {
  auto closed = co_await d_.attempts.close_attempt(recording.row_id, recording.fence);
  (void)closed;  // on failure the next loss of the slot store holds this business for the time of a lease
}

Task<FinishOutcome> FetchJob::give_up_attempt(Business business, FetchRequest request, Recording recording,
                                              Error error) {
  if (error.errc() == Errc::kProviderUnauthorized) {
    const bool has_new = co_await has_new_credentials(business);
    if (has_new) co_return co_await hand_back(std::move(recording), AttemptConnection::kClosed);
  }
  const RetryDecision decision = co_await decide(request, recording, error);
  if (decision.scope == RetryScope::kAccount) co_await pause_business(std::move(business), error);
  co_return co_await record_failure(std::move(recording), std::move(error), decision);
}

// An operator who mends the credentials also unblocks the business, perhaps in another process, before this one has
// read them.
Task<bool> FetchJob::has_new_credentials(Business business) {
  d_.businesses.forget(business.id);
  auto now = co_await d_.businesses.find(business.id);
  if (!now || !*now) co_return false;
  co_return (*now)->account != business.account || (*now)->auth_token != business.auth_token;
}

Task<RetryDecision> FetchJob::decide(FetchRequest request, Recording recording, Error error) {
  FailedAttempt attempt{recording.attempts, recording.announced_at, d_.clock.system_now(), d_.random.uniform()};
  const RetryDecision decision = after_failure(error, attempt);
  if (decision.kind != RetryKind::kDescribe) co_return decision;

  auto described = co_await d_.source.describe(request, stops_.close);
  attempt.now = d_.clock.system_now();
  if (!described) co_return after_failure(described.error(), attempt);
  switch (*described) {
    case RemoteStatus::kPreparing: co_return after_describe(DescribedAs::kPreparing, attempt);
    case RemoteStatus::kCompleted: co_return after_describe(DescribedAs::kCompleted, attempt);
    case RemoteStatus::kAbsent: break;
  }
  co_return after_describe(DescribedAs::kAbsent, attempt);
}

// An answer about the whole account or business keeps other downloads from the same failure.
Task<> FetchJob::pause_business(Business business, Error error) {
  std::optional<ProviderBackoff::Pause> pause;
  if (error.errc() == Errc::kProviderRateLimited) {
    pause = d_.backoff.rate_limited(business.account, error.retry_after, d_.clock.system_now());
  } else {
    pause = d_.backoff.refused(business.id, d_.clock.system_now());
  }
  if (!pause) co_return;
  if (!pause->is_remembered) d_.events.emit(event::backoff_full(business.id));
  auto blocked = co_await d_.slots.block(business.id, pause->until, pause->why);
  (void)blocked;
  d_.events.emit(event::business_paused(business.id, error.errc(), pause->until));
}

Task<FinishOutcome> FetchJob::record_failure(Recording recording, Error error, RetryDecision decision) {
  AttemptFailure failure;
  failure.cause = {std::string(errc_name(error.errc())), error.detail};
  failure.attempt_counts = decision.attempt_counts;
  if (decision.kind == RetryKind::kRetry) failure.retry_at = decision.retry_at;
  if (decision.kind == RetryKind::kAbsent) failure.final_state = RecordingState::kAbsent;

  auto fail_row = [this, &recording, &failure] {
    return d_.attempts.fail_attempt(recording.row_id, recording.fence, failure);
  };
  Result<void> recorded = co_await record(fail_row);
  if (is_stale(recorded)) {
    co_await close_attempt(std::move(recording));
    co_return done();
  }
  if (decision.kind != RetryKind::kRetry) {
    d_.events.emit(event::recording_failed(recording, error));
    co_return done();
  }
  d_.events.emit(event::recording_retry(recording, error, decision.retry_at));
  co_return retry_at(decision.retry_at, failure.cause.detail);
}

}  // namespace tapedeck

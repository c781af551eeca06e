#include "app/upkeep/source_deletions.hpp"

#include <algorithm>

#include "domain/events.hpp"

namespace tapedeck {

Task<> SourceDeletions::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    co_await d_.clock.sleep_for(kSourceLook, stop);
    co_await pass(stop);
  }
}

Task<> SourceDeletions::pass(std::stop_token stop) {
  auto due = co_await d_.calls.due_source_deletions(d_.clock.system_now(), kSourceBatch);
  if (!due) co_return;  // asked again the next time
  for (Recording& recording : *due) {
    if (stop.stop_requested()) co_return;
    co_await delete_one(std::move(recording), stop);
  }
}

Task<> SourceDeletions::delete_one(Recording recording, std::stop_token stop) {
  auto business = co_await d_.businesses.find(recording.business);
  if (!business) co_return;
  const bool is_wanted = *business && (*business)->delete_at_provider;
  if (!is_wanted) {
    co_await settle(std::move(recording), SourceOutcome{});
    co_return;
  }
  ReadPace pace(d_.clock, kSourceReadRate);
  auto checked = co_await check_archive(d_.blobs, recording, ArchiveCheck::kAudio, pace, stop);
  if (stop.stop_requested()) co_return;
  if (!checked && checked.error().errc() == Errc::kCorrupt) {
    co_await note_damage(std::move(recording), checked.error());
    co_return;
  }
  SourceOutcome outcome;
  Result<void> removed = std::move(checked);
  if (removed) {
    const FetchRequest request = request_for(**business, recording);
    auto deleted = co_await d_.source.remove(request, stop);
    removed = std::move(deleted);
  }
  if (!removed && stop.stop_requested()) co_return;
  outcome.is_gone = removed.has_value();
  if (!removed) {
    const Milliseconds pause = std::max(removed.error().retry_after.value_or(kSourceRetry), kSourceLook);
    outcome.retry_at = d_.clock.system_now() + pause;
  }
  co_await settle(recording, outcome);
  if (!removed) {
    d_.events.emit(event::source_not_deleted(recording, removed.error()));
    co_return;
  }
  d_.events.emit(event::source_deleted(recording));
  std::vector<AuditEntry> entries{{.at = d_.clock.system_now(),
                                   .business = recording.business,
                                   .actor = "worker",
                                   .action = "delete_at_provider",
                                   .sid = recording.sid.str(),
                                   .detail = recording.recording.str()}};
  auto appended = co_await d_.calls.append_audit(std::move(entries));
  if (!appended) d_.events.emit(event::audit_not_written(recording, appended.error()));
}

// One whose outcome could not be noted is found again the next time.
Task<> SourceDeletions::settle(Recording recording, SourceOutcome outcome) {
  auto settled = co_await d_.calls.settle_source(recording.row_id, outcome);
  (void)settled;
}

Task<> SourceDeletions::note_damage(Recording recording, Error error) {
  auto noted = co_await d_.calls.note_damage(recording.row_id, recording.audio->blob_key, error.detail);
  if (noted && *noted) d_.events.emit(event::audio_damaged(recording, error));
}

}  // namespace tapedeck

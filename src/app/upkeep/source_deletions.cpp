#include "app/upkeep/source_deletions.hpp"

#include <algorithm>

namespace tapedeck {

Task<Result<void>> SourceDeletions::pass(std::stop_token stop) {
  auto due = co_await d_.calls.due_source_deletions(d_.clock.system_now(), kSourceBatch);
  if (!due) co_return fail(due.error());
  for (Recording& recording : *due) {
    if (stop.stop_requested()) break;
    auto deleted = co_await delete_one(std::move(recording), stop);
    if (!deleted) co_return deleted;
  }
  co_return Result<void>();
}

// What could not be noted is found again by the next pass: it is not yet done, and not yet audited.
Task<Result<void>> SourceDeletions::delete_one(Recording recording, std::stop_token stop) {
  auto business = co_await d_.businesses.find(recording.business);
  if (!business) co_return fail(business.error());
  const bool is_wanted = *business && (*business)->delete_at_provider;
  if (!is_wanted) {
    auto settled = co_await d_.calls.settle_source(recording.row_id, SourceOutcome{});
    co_return settled;
  }
  ReadPace pace(d_.clock, kSourceReadRate);
  auto checked = co_await check_archive(d_.blobs, recording, ArchiveCheck::kAudio, pace, stop);
  if (stop.stop_requested()) co_return Result<void>();
  if (!checked && checked.error().errc() == Errc::kCorrupt) {
    auto noted = co_await note_damage(std::move(recording), checked.error());
    co_return noted;
  }
  SourceOutcome outcome;
  Result<void> removed = std::move(checked);
  if (removed) {
    const FetchRequest request{recording.recording,
                               recording.account.empty() ? (*business)->account : recording.account,
                               (*business)->account, (*business)->auth_token, (*business)->format};
    auto deleted = co_await d_.source.remove(request, stop);
    removed = std::move(deleted);
  }
  if (!removed && stop.stop_requested()) co_return Result<void>();
  outcome.is_gone = removed.has_value();
  if (!removed) {
    const Milliseconds pause = std::max(removed.error().retry_after.value_or(kSourceRetry), kSourceRetryMin);
    outcome.retry_at = d_.clock.system_now() + pause;
  }
  auto settled = co_await d_.calls.settle_source(recording.row_id, outcome);
  if (!settled) co_return settled;
  if (!removed) {
    tell(Severity::kWarning, "SOURCE_NOT_DELETED", recording, &removed.error());
    co_return Result<void>();
  }
  tell(Severity::kInfo, "SOURCE_DELETED", recording, nullptr);
  auto audited = co_await audit(recording);
  if (!audited) tell(Severity::kWarning, "AUDIT_NOT_WRITTEN", recording, &audited.error());
  co_return Result<void>();
}

Task<Result<void>> SourceDeletions::audit(const Recording& recording) {
  std::vector<AuditEntry> entries{{.at = d_.clock.system_now(),
                                   .business = recording.business,
                                   .actor = "worker",
                                   .action = "delete_at_provider",
                                   .sid = recording.sid.str(),
                                   .detail = recording.recording.str()}};
  auto appended = co_await d_.calls.append_audit(std::move(entries));
  co_return appended;
}

Task<Result<void>> SourceDeletions::note_damage(Recording recording, Error error) {
  auto noted = co_await d_.calls.note_damage(recording.row_id, recording.audio->blob_key, error.detail);
  if (!noted) co_return fail(noted.error());
  if (*noted) tell(Severity::kError, "AUDIO_DAMAGED", recording, &error);
  co_return Result<void>();
}

void SourceDeletions::tell(Severity severity, std::string_view name, const Recording& recording, const Error* error) {
  Event event{severity, "", name, {{"business_id", recording.business.str()}, {"sid", recording.sid.str()}}};
  if (error != nullptr) {
    event.fields.push_back({"cause", std::string(errc_name(error->errc()))});
    event.fields.push_back({"detail", error->detail});
  }
  d_.events.emit(event);
}

}  // namespace tapedeck

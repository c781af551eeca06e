#include "app/storage_check.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "app/upkeep_names.hpp"
#include "blobs/blob_key.hpp"
#include "blobs/blob_removal.hpp"

namespace tapedeck {
namespace {

// A pass that has begun goes on; the next one is due a day after the end of the last.
bool is_due(const UpkeepMark& mark, SystemTime now) {
  return !mark.cursor.empty() || !mark.finished_at || now - *mark.finished_at >= kStorageCheckEvery ||
         now < *mark.finished_at;
}

std::int64_t row_of(const std::string& cursor) {
  std::int64_t row = 0;
  (void)std::from_chars(cursor.data(), cursor.data() + cursor.size(), row);
  return row;
}

enum class BlobVerdict { kFine, kLeftover, kUnknown };

// The key holds the fence of the attempt that wrote the blob.
BlobVerdict verdict_of(const std::optional<Recording>& row, const BlobName& name, const std::string& key) {
  if (!row || row->account != name.account) return BlobVerdict::kUnknown;
  if (row->audio && row->audio->blob_key == key) return BlobVerdict::kFine;  // a deleted one is collected elsewhere
  const bool is_over = row->state == RecordingState::kStored || row->state == RecordingState::kDeleted;
  if (is_over && name.fence < row->fence) return BlobVerdict::kLeftover;
  // An attempt may be about to commit it, or its successor about to remove it.
  const bool is_under_way = row->state == RecordingState::kQueued || row->state == RecordingState::kProcessing;
  return is_under_way ? BlobVerdict::kFine : BlobVerdict::kUnknown;
}

}  // namespace

Task<Result<void>> StorageCheck::step(std::stop_token stop) {
  const SystemTime now = d_.clock.system_now();
  auto rows = co_await d_.calls.find_mark(kStoredRowsMark);
  if (!rows) co_return fail(rows.error());
  if (is_due(*rows, now)) {
    auto checked = co_await check_rows(std::move(*rows), stop);
    if (!checked) co_return checked;
  }
  auto blobs = co_await d_.calls.find_mark(kBlobsMark);
  if (!blobs) co_return fail(blobs.error());
  if (!is_due(*blobs, now)) co_return Result<void>();
  co_return co_await check_blobs(std::move(*blobs));
}

Task<Result<void>> StorageCheck::check_rows(UpkeepMark mark, std::stop_token stop) {
  if (mark.cursor.empty()) rows_ = {};
  auto rows = co_await d_.calls.stored_after(row_of(mark.cursor), kStorageBatch);
  if (!rows) co_return fail(rows.error());
  for (const Recording& row : *rows) {
    const std::string key = row.audio->blob_key;
    auto size = co_await d_.blobs.size_of(key);
    if (!size && size.error().errc() != Errc::kCorrupt) co_return fail(size.error());
    ++rows_.checked;
    if (size && *size == row.audio->size_bytes) continue;
    if (size && *size) {
      tell_missing(row, Severity::kError, "size");
      continue;
    }
    auto mended = co_await mend(row, stop);
    if (!mended) co_return mended;
  }
  const bool is_last = std::ssize(*rows) < kStorageBatch;
  const std::string cursor = is_last ? std::string() : fmt::format("{}", rows->back().row_id);
  co_return co_await finish_batch(kStoredRowsMark, &rows_, cursor, is_last);
}

Task<Result<void>> StorageCheck::mend(Recording recording, std::stop_token stop) {
  if (++rows_.missing > kMendedMax) {
    tell_missing(recording, Severity::kError, "too_many");
    co_return Result<void>();
  }
  auto business = co_await d_.businesses.find(recording.business);
  if (!business) co_return fail(business.error());
  if (!*business) co_return Result<void>();
  const FetchRequest request{recording.recording, recording.account, (*business)->account, (*business)->auth_token,
                             (*business)->format};
  auto described = co_await d_.source.describe(request, stop);
  if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
  if (!described) {
    tell_missing(recording, Severity::kWarning, "provider_away");
    co_return Result<void>();
  }
  Result<std::string> outcome;
  if (*described == RemoteStatus::kAbsent) {
    outcome = co_await give_up(recording);
  } else {
    outcome = co_await fetch_again(recording);
  }
  if (!outcome) co_return fail(outcome.error());
  if (!outcome->empty()) {
    tell_missing(recording, *outcome == "lost" ? Severity::kError : Severity::kWarning, *outcome);
  }
  co_return Result<void>();
}

// Empty: the row has changed since, and is nothing to mend any more.
Task<Result<std::string>> StorageCheck::give_up(Recording recording) {
  const Cause cause{std::string(errc_name(Errc::kCorrupt)),
                    "its audio is gone from the blob store, and the provider has it no more"};
  auto lost = co_await d_.calls.lose_audio(recording.row_id, recording.fence, cause, d_.clock.system_now());
  if (!lost && lost.error().errc() == Errc::kStaleFence) co_return std::string();
  if (!lost) co_return fail(lost.error());
  co_return std::string("lost");
}

Task<Result<std::string>> StorageCheck::fetch_again(Recording recording) {
  const SlotRequests::Pending pending(d_.requests, recording.business, recording.sid);
  auto lost = co_await d_.calls.lose_audio(recording.row_id, recording.fence, std::nullopt, d_.clock.system_now());
  if (!lost && lost.error().errc() == Errc::kStaleFence) co_return std::string();
  if (!lost) co_return fail(lost.error());
  auto asked = co_await d_.requests.ask(recording.business, recording.sid, Lane::kFetch);
  (void)asked;  // durable already: the reconciliation of the slots asks again
  co_return std::string("fetched_again");
}

Task<Result<void>> StorageCheck::check_blobs(UpkeepMark mark) {
  if (mark.cursor.empty()) blobs_ = {};
  auto entries = co_await d_.blobs.list(mark.cursor, kStorageBatch);
  if (!entries) co_return fail(entries.error());
  for (const BlobEntry& entry : *entries) {
    ++blobs_.checked;
    if (d_.clock.system_now() - entry.written_at < kBlobGrace) continue;
    auto checked = co_await check_blob(entry);
    if (!checked) co_return checked;
  }
  const bool is_last = std::ssize(*entries) < kStorageBatch;
  const std::string cursor = is_last ? std::string() : entries->back().key;
  co_return co_await finish_batch(kBlobsMark, &blobs_, cursor, is_last);
}

Task<Result<void>> StorageCheck::check_blob(BlobEntry entry) {
  const auto name = parse_blob_key(entry.key);
  if (!name) co_return Result<void>();
  const Sid sid = to_sid(name->recording);
  auto row = co_await d_.calls.find_recording(name->business, sid);
  if (!row) co_return fail(row.error());
  const BlobVerdict verdict = verdict_of(*row, *name, entry.key);
  if (verdict == BlobVerdict::kLeftover) {
    auto removed = co_await remove_blobs(d_.blobs, entry.key);
    if (!removed) co_return removed;
    ++blobs_.removed;
    tell_unknown(entry.key, true);
  }
  if (verdict == BlobVerdict::kUnknown && ++blobs_.unknown <= kUnknownToldMax) tell_unknown(entry.key, false);
  co_return Result<void>();
}

Task<Result<void>> StorageCheck::finish_batch(std::string name, Pass* pass, std::string cursor, bool is_last) {
  auto mark = co_await d_.calls.find_mark(name);
  if (!mark) co_return fail(mark.error());
  if (is_last) mark->finished_at = d_.clock.system_now();
  mark->cursor = std::move(cursor);
  const UpkeepMark kept = *mark;
  auto put = co_await d_.calls.put_mark(name, kept);
  if (!put) co_return put;
  if (!is_last) co_return Result<void>();
  const bool is_odd = pass->missing > 0 || pass->unknown > 0;
  d_.events.emit({is_odd ? Severity::kWarning : Severity::kInfo,
                  "",
                  "STORAGE_CHECKED",
                  {{"what", std::move(name)},
                   {"checked", std::int64_t{pass->checked}},
                   {"missing", std::int64_t{pass->missing}},
                   {"unknown", std::int64_t{pass->unknown}},
                   {"removed", std::int64_t{pass->removed}}}});
  co_return Result<void>();
}

void StorageCheck::tell_missing(const Recording& recording, Severity severity, const std::string& outcome) {
  d_.events.emit({severity,
                  "",
                  "BLOB_MISSING",
                  {{"business_id", recording.business.str()},
                   {"sid", recording.sid.str()},
                   {"key", recording.audio->blob_key},
                   {"outcome", outcome}}});
}

void StorageCheck::tell_unknown(const std::string& key, bool was_removed) {
  d_.events.emit({was_removed ? Severity::kInfo : Severity::kWarning,
                  "",
                  "BLOB_UNKNOWN",
                  {{"key", key}, {"outcome", std::string(was_removed ? "removed" : "kept")}}});
}

}  // namespace tapedeck

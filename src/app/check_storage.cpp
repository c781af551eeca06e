#include "app/check_storage.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "app/check_archive.hpp"
#include "app/upkeep_names.hpp"
#include "blobs/blob_key.hpp"
#include "blobs/blob_removal.hpp"
#include "domain/events.hpp"

namespace tapedeck {
namespace {

// A pass that has begun goes on; the next begins a day after the end of the last.
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
  if (row->audio && row->audio->blob_key == key) return BlobVerdict::kFine;  // the collector removes a deleted one
  const bool is_over = row->state == RecordingState::kStored || row->state == RecordingState::kDeleted;
  if (is_over && name.fence < row->fence) return BlobVerdict::kLeftover;
  // A running attempt may be about to commit it, or its successor to remove it.
  const bool is_under_way = row->state == RecordingState::kQueued || row->state == RecordingState::kProcessing;
  return is_under_way ? BlobVerdict::kFine : BlobVerdict::kUnknown;
}

}  // namespace

Task<Result<void>> StorageCheck::step(std::stop_token stop) {
  const SystemTime now = d_.clock.system_now();
  auto rows = co_await d_.leases.find_mark(kStoredRowsMark);
  if (!rows) co_return fail(rows.error());
  if (is_due(*rows, now)) {
    auto checked = co_await check_rows(std::move(*rows), stop);
    if (!checked) co_return checked;
  }
  auto blobs = co_await d_.leases.find_mark(kBlobsMark);
  if (!blobs) co_return fail(blobs.error());
  if (!is_due(*blobs, now)) co_return Result<void>();
  co_return co_await check_blobs(std::move(*blobs));
}

Task<Result<void>> StorageCheck::check_rows(UpkeepMark mark, std::stop_token stop) {
  if (mark.cursor.empty()) rows_ = {};
  auto rows = co_await d_.recordings.stored_after(row_of(mark.cursor), kStorageBatch);
  if (!rows) co_return fail(rows.error());
  for (const Recording& row : *rows) {
    const std::string key = row.audio->blob_key;
    auto size = co_await d_.blobs.size_of(key);
    if (!size && size.error().errc() != Errc::kCorrupt) co_return fail(size.error());
    ++rows_.checked;
    if (size && *size == row.audio->size_bytes) continue;
    if (size && *size) {
      auto noted = co_await note_size(row, **size);
      if (!noted) co_return noted;
      continue;
    }
    auto mended = co_await mend(row, stop);
    if (!mended) co_return mended;
  }
  const bool is_last = std::ssize(*rows) < kStorageBatch;
  const std::string cursor = is_last ? std::string() : fmt::format("{}", rows->back().row_id);
  co_return co_await finish_batch(kStoredRowsMark, &rows_, cursor, is_last);
}

// The blob stays: it may be all that is left of the recording.
Task<Result<void>> StorageCheck::note_size(Recording recording, std::uint64_t size) {
  auto noted = co_await d_.recordings.note_damage(recording.row_id, recording.audio->blob_key,
                                                  wrong_size_text(size, *recording.audio));
  if (!noted) co_return fail(noted.error());
  if (*noted) d_.events.emit(event::blob_missing(recording, "size"));
  co_return Result<void>();
}

Task<Result<void>> StorageCheck::mend(Recording recording, std::stop_token stop) {
  if (++rows_.missing > kMendedMax) {
    d_.events.emit(event::blob_missing(recording, "too_many"));
    co_return Result<void>();
  }
  auto business = co_await d_.businesses.find(recording.business);
  if (!business) co_return fail(business.error());
  if (!*business) co_return Result<void>();
  const FetchRequest request = request_for(**business, recording);
  auto described = co_await d_.source.describe(request, stop);
  if (stop.stop_requested()) co_return fail(Errc::kCancelled, "stopped");
  if (!described) {
    d_.events.emit(event::blob_missing(recording, "provider_away"));
    co_return Result<void>();
  }
  Result<std::string> outcome;
  if (*described == RemoteStatus::kAbsent) {
    outcome = co_await give_up(recording);
  } else {
    outcome = co_await fetch_again(recording);
  }
  if (!outcome) co_return fail(outcome.error());
  if (!outcome->empty()) d_.events.emit(event::blob_missing(recording, *outcome));
  co_return Result<void>();
}

// Returns the outcome; empty: the row has changed since and needs no mending.
Task<Result<std::string>> StorageCheck::give_up(Recording recording) {
  const Cause cause{std::string(errc_name(Errc::kCorrupt)),
                    "its audio is gone from the blob store, and the provider no longer has it"};
  auto lost = co_await d_.recordings.lose_audio(recording.row_id, recording.fence, cause, d_.clock.system_now());
  if (!lost && lost.error().errc() == Errc::kStaleFence) co_return std::string();
  if (!lost) co_return fail(lost.error());
  co_return std::string("lost");
}

Task<Result<std::string>> StorageCheck::fetch_again(Recording recording) {
  const SlotRequests::Pending pending(d_.requests, recording.business, recording.sid);
  auto lost = co_await d_.recordings.lose_audio(recording.row_id, recording.fence, std::nullopt, d_.clock.system_now());
  if (!lost && lost.error().errc() == Errc::kStaleFence) co_return std::string();
  if (!lost) co_return fail(lost.error());
  auto asked = co_await d_.requests.ask(recording.business, recording.sid, Lane::kFetch);
  (void)asked;  // the row is durable: on failure the reconciliation asks again
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
  auto row = co_await d_.recordings.find_recording(name->business, sid);
  if (!row) co_return fail(row.error());
  const BlobVerdict verdict = verdict_of(*row, *name, entry.key);
  if (verdict == BlobVerdict::kLeftover) {
    auto removed = co_await remove_blobs(d_.blobs, entry.key);
    if (!removed) co_return removed;
    ++blobs_.removed;
    d_.events.emit(event::blob_unknown(entry.key, true));
  }
  if (verdict == BlobVerdict::kUnknown && ++blobs_.unknown <= kUnknownToldMax)
    d_.events.emit(event::blob_unknown(entry.key, false));
  co_return Result<void>();
}

Task<Result<void>> StorageCheck::finish_batch(std::string name, Pass* pass, std::string cursor, bool is_last) {
  auto mark = co_await d_.leases.find_mark(name);
  if (!mark) co_return fail(mark.error());
  if (is_last) mark->finished_at = d_.clock.system_now();
  mark->cursor = std::move(cursor);
  const UpkeepMark kept = *mark;
  auto put = co_await d_.leases.put_mark(name, kept);
  if (!put) co_return put;
  if (!is_last) co_return Result<void>();
  const event::PassCounts counts{pass->checked, pass->missing, pass->unknown, pass->removed};
  d_.events.emit(event::storage_checked(std::move(name), counts));
  co_return Result<void>();
}

}  // namespace tapedeck

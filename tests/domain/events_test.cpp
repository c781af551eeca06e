#include "domain/events.hpp"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/event_catalogue.hpp"

namespace tapedeck {
namespace {

constexpr Milliseconds kQuarter{250};

struct Expected {
  Event event;
  Severity severity;
  std::string line;
};

const BusinessId kShop = *BusinessId::parse("shop");
const Sid kCall = *Sid::parse("CA1abcdef0123456789abcdef012345678");
const RecordingSid kRecording = *RecordingSid::parse("RE2abcdef0123456789abcdef012345678");
const AccountSid kAccount = *AccountSid::parse("AC3abcdef0123456789abcdef012345678");
const Error kTruncated(Errc::kMediaTruncated, "9 of 10 bytes");
const SystemTime kNoon = *parse_rfc3339("2026-11-23T12:00:00Z");

Recording recording() {
  Recording row;
  row.business = kShop;
  row.sid = kCall;
  row.fence = 4;
  row.attempts = 2;
  row.audio = StoredAudio{.blob_key = "shop/a.mp3", .content_type = {}, .sha256 = {}, .stored_at = {}};
  return row;
}

// Every constructor with the line that operators know, and that their alerts look for.
std::vector<Expected> every_event() {
  const Recording row = recording();
  const std::string of_row = " business_id=shop sid=CA1abcde...";
  const std::string truncated = " cause=media_truncated detail=\"9 of 10 bytes\"";
  constexpr auto kDebug = Severity::kDebug;
  constexpr auto kInfo = Severity::kInfo;
  constexpr auto kWarning = Severity::kWarning;
  constexpr auto kError = Severity::kError;
  return {
      {event::recording_enqueue(kShop, kCall, 1, 3), kInfo, "🎧 RECORDING_ENQUEUE" + of_row + " active=1/3"},
      {event::recording_queued(kShop, kCall, 3, 3, 7), kInfo,
       "⏳ RECORDING_QUEUED" + of_row + " active=3/3 queue_len=7"},
      {event::recording_done(kShop, kCall, 2, 3), kInfo, "✅ RECORDING_DONE" + of_row + " active=2/3"},
      {event::recording_next(kShop, kCall, 3, 3), kInfo, "➡️ RECORDING_NEXT" + of_row + " active=3/3"},
      {event::recording_claimed(kShop, kCall, Lane::kPlay), kDebug, "RECORDING_CLAIMED" + of_row + " lane=play"},
      {event::recording_reclaimed(kShop, kCall, false), kWarning,
       "RECORDING_RECLAIMED" + of_row + " cause=lease_expired gave_up=false"},
      {event::slots_damaged(kShop, "a key"), kError, "SLOTS_DAMAGED business_id=shop detail=\"a key\""},
      {event::slots_damaged("a key"), kError, "SLOTS_DAMAGED detail=\"a key\""},
      {event::slots_lost(), kWarning,
       "SLOTS_LOST detail=\"the slot store has lost what it knew; it is rebuilt from the call store\""},
      {event::recovered({5, 1, 2}, kQuarter), kInfo, "RECOVERED waiting=5 interrupted=1 businesses=2 seconds=0.250"},
      {event::recovered({5, 1, 2}, 3), kInfo, "RECOVERED waiting=5 interrupted=1 businesses=2 leftover_files=3"},
      {event::recovery_failed("away"), kError, "RECOVERY_FAILED detail=away"},
      {event::reconciled(4), kWarning, "RECONCILED waiting=4"},
      {event::recording_announced(kShop, kCall, RecordingState::kQueued), kInfo,
       "RECORDING_ANNOUNCED" + of_row + " state=queued"},
      {event::recording_stored(row, 100, kQuarter), kInfo,
       "RECORDING_STORED" + of_row + " bytes=100 attempt=2 commit_seconds=0.250"},
      {event::recording_retry(row, kTruncated, kNoon), kWarning,
       "RECORDING_RETRY" + of_row + truncated + " attempt=2 retry_at=2026-11-23T12:00:00Z"},
      {event::recording_failed(row, kTruncated), kError, "RECORDING_FAILED" + of_row + truncated + " attempt=2"},
      {event::commit_fenced(row), kWarning, "COMMIT_FENCED" + of_row + " fence=4"},
      {event::business_paused(kShop, Errc::kProviderRateLimited, kNoon), kWarning,
       "BUSINESS_PAUSED business_id=shop cause=provider_rate_limited until=2026-11-23T12:00:00Z"},
      {event::webhook_missed(kShop, kRecording, kNoon), kWarning,
       "WEBHOOK_MISSED business_id=shop sid=RE2abcde... made_at=2026-11-23T12:00:00Z"},
      {event::listing_failed(kAccount, kTruncated), kWarning, "LISTING_FAILED account=" + kAccount.str() + truncated},
      {event::recording_measured(row, Seconds{61}, kQuarter), kDebug,
       "RECORDING_MEASURED" + of_row + " audio_seconds=61.000 seconds=0.250"},
      {event::measure_failed(row, {"media_not_audio", "HTML"}, true), kWarning,
       "MEASURE_FAILED" + of_row + " cause=media_not_audio detail=HTML final=true"},
      {event::duration_differs(row, 60, kQuarter), kWarning,
       "DURATION_DIFFERS" + of_row + " told_seconds=60 measured_seconds=0.250"},
      {event::recording_expired(row), kInfo, "RECORDING_EXPIRED" + of_row},
      {event::audio_damaged(row, kTruncated), kError, "AUDIO_DAMAGED" + of_row + truncated},
      {event::source_deleted(row), kInfo, "SOURCE_DELETED" + of_row},
      {event::source_not_deleted(row, kTruncated), kWarning, "SOURCE_NOT_DELETED" + of_row + truncated},
      {event::blob_missing(row, "fetched_again"), kWarning,
       "BLOB_MISSING" + of_row + " key=shop/a.mp3 outcome=fetched_again"},
      {event::blob_missing(row, "provider_away"), kWarning,
       "BLOB_MISSING" + of_row + " key=shop/a.mp3 outcome=provider_away"},
      {event::blob_missing(row, "lost"), kError, "BLOB_MISSING" + of_row + " key=shop/a.mp3 outcome=lost"},
      {event::blob_missing(row, "size"), kError, "BLOB_MISSING" + of_row + " key=shop/a.mp3 outcome=size"},
      {event::blob_unknown("shop/b.mp3", true), kInfo, "BLOB_UNKNOWN key=shop/b.mp3 outcome=removed"},
      {event::blob_unknown("shop/b.mp3", false), kWarning, "BLOB_UNKNOWN key=shop/b.mp3 outcome=kept"},
      {event::storage_checked("blobs", {9, 0, 0, 2}), kInfo,
       "STORAGE_CHECKED what=blobs checked=9 missing=0 unknown=0 removed=2"},
      {event::storage_checked("stored-rows", {9, 1, 0, 0}), kWarning,
       "STORAGE_CHECKED what=stored-rows checked=9 missing=1 unknown=0 removed=0"},
      {event::uploads_collected(6), kInfo, "UPLOADS_COLLECTED uploads=6"},
      {event::reconcile_failed("storage", kTruncated), kWarning, "RECONCILE_FAILED task=storage" + truncated},
      {event::server_ready("http://127.0.0.1:80/", "alone", "1.2", kQuarter), kInfo,
       "SERVER_READY url=http://127.0.0.1:80/ role=alone version=1.2 seconds=0.250"},
      {event::server_stopping(), kInfo, "SERVER_STOPPING"},
      {event::server_stopped(), kInfo, "SERVER_STOPPED"},
      {event::demo_provider("http://127.0.0.1:1"), kInfo, "DEMO_PROVIDER url=http://127.0.0.1:1"},
      {event::settings_warning("unwise"), kWarning, "SETTINGS_WARNING detail=unwise"},
      {event::storage_away("refused"), kError, "STORAGE_AWAY detail=refused"},
      {event::redis_away("refused"), kWarning, "REDIS_AWAY detail=refused"},
      {event::redis_warning("127.0.0.1:6379", "no AOF"), kWarning,
       "REDIS_WARNING node=127.0.0.1:6379 detail=\"no AOF\""},
      {event::request_failed("GET", "/api/calls", 503, "away"), kError,
       "REQUEST_FAILED method=GET path=/api/calls status=503 cause=away"},
      {event::audit_not_written(kTruncated), kWarning, "AUDIT_NOT_WRITTEN" + truncated},
      {event::audit_not_written(row, kTruncated), kWarning, "AUDIT_NOT_WRITTEN" + of_row + truncated},
      {event::audit_dropped(8), kWarning, "AUDIT_DROPPED entries=8"},
      {event::worker_killed(77, Seconds{9}), kError,
       "WORKER_KILLED pid=77 seconds=9.000 detail=\"it has not shown for so long that it may go on downloading\""},
      {event::worker_restarted("signal 9", Milliseconds{100}), kError,
       "WORKER_RESTARTED after=\"signal 9\" pause_ms=100"},
      {event::worker_start_failed("fork: no memory"), kError, "WORKER_START_FAILED detail=\"fork: no memory\""},
      {event::log_lines_dropped(12), kWarning, "LOG_LINES_DROPPED count=12"},
      {event::fetch_broke(kShop, kCall, "bad_alloc"), kError, "FETCH_BROKE" + of_row + " detail=bad_alloc"},
      {event::measure_broke(), kError, "MEASURE_BROKE"},
      {event::worker_task_failed("bad_alloc"), kError, "WORKER_TASK_FAILED detail=bad_alloc"},
      {event::upkeep_failed(), kError, "UPKEEP_FAILED"},
  };
}

TEST(Events, each_constructor_makes_its_line) {
  for (const Expected& one : every_event()) {
    EXPECT_EQ(format_text(one.event), one.line);
    EXPECT_EQ(one.event.severity, one.severity) << one.line;
  }
}

TEST(Events, each_row_of_the_catalogue_has_a_constructor_and_its_own_name) {
  std::set<std::string_view> made;
  for (const Expected& one : every_event()) made.insert(one.event.name);
  std::set<std::string_view> names;
  for (const EventKind& kind : kEventCatalogue) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.meaning.empty()) << kind.name;
  }
  EXPECT_EQ(made, names);
}

}  // namespace
}  // namespace tapedeck

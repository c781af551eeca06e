#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "domain/event.hpp"
#include "domain/recording.hpp"

// A constructor for each event of domain/event_catalogue.hpp, which has its meaning, its severity and its fields.

namespace tapedeck::event {

/// A span that the log shows in seconds with three decimals.
using Span = std::chrono::duration<double>;

/// What a pass of the storage check counted.
struct PassCounts {
  std::int64_t checked = 0;
  std::int64_t missing = 0;
  std::int64_t unknown = 0;
  std::int64_t removed = 0;
};

/// What a recovery put back.
struct RecoveredCounts {
  std::int64_t waiting = 0;
  std::int64_t interrupted = 0;
  std::int64_t businesses = 0;
};

// `active` of `limit` slots, counted after the step.
[[nodiscard]] Event recording_enqueue(const BusinessId& business, const Sid& sid, int active, int limit);
[[nodiscard]] Event recording_queued(const BusinessId& business, const Sid& sid, int active, int limit,
                                     int queue_length);
[[nodiscard]] Event recording_done(const BusinessId& business, const Sid& sid, int active, int limit);
[[nodiscard]] Event recording_next(const BusinessId& business, const Sid& sid, int active, int limit);
[[nodiscard]] Event recording_claimed(const BusinessId& business, const Sid& sid, Lane lane);
[[nodiscard]] Event recording_reclaimed(const BusinessId& business, const Sid& sid, bool gave_up);
/// Damage that concerns one business.
[[nodiscard]] Event slots_damaged(const BusinessId& business, std::string detail);
/// Damage of a key that businesses share.
[[nodiscard]] Event slots_damaged(std::string detail);
[[nodiscard]] Event slots_lost();
/// After a loss that was noticed while running.
[[nodiscard]] Event recovered(const RecoveredCounts& counts, Span took);
/// At the start.
[[nodiscard]] Event recovered(const RecoveredCounts& counts, std::int64_t leftover_files);
[[nodiscard]] Event recovery_failed(std::string detail);
[[nodiscard]] Event reconciled(std::int64_t waiting);

[[nodiscard]] Event recording_announced(const BusinessId& business, const Sid& sid, RecordingState state);
[[nodiscard]] Event recording_stored(const Recording& recording, std::int64_t bytes, Span commit);
[[nodiscard]] Event recording_retry(const Recording& recording, const Error& error, SystemTime retry_at);
[[nodiscard]] Event recording_failed(const Recording& recording, const Error& error);
[[nodiscard]] Event commit_fenced(const Recording& recording);
[[nodiscard]] Event business_paused(const BusinessId& business, Errc cause, SystemTime until);
[[nodiscard]] Event webhook_missed(const BusinessId& business, const RecordingSid& recording, SystemTime made_at);
[[nodiscard]] Event listing_failed(const AccountSid& account, const Error& error);

[[nodiscard]] Event recording_measured(const Recording& recording, Span audio, Span took);
[[nodiscard]] Event measure_failed(const Recording& recording, const Cause& cause, bool is_final);
/// `told`: whole seconds.
[[nodiscard]] Event duration_differs(const Recording& recording, int told, Span measured);

[[nodiscard]] Event recording_expired(const Recording& recording);
[[nodiscard]] Event audio_damaged(const Recording& recording, const Error& error);
[[nodiscard]] Event source_deleted(const Recording& recording);
[[nodiscard]] Event source_not_deleted(const Recording& recording, const Error& error);
/// A recording of which the provider can give us another copy is a warning, any other an error.
[[nodiscard]] Event blob_missing(const Recording& recording, std::string_view outcome);
[[nodiscard]] Event blob_unknown(std::string key, bool was_removed);
/// `what`: "stored-rows" or "blobs". A pass that found something is a warning.
[[nodiscard]] Event storage_checked(std::string what, const PassCounts& counts);
[[nodiscard]] Event uploads_collected(std::int64_t uploads);
[[nodiscard]] Event reconcile_failed(std::string task, const Error& error);

[[nodiscard]] Event server_ready(std::string url, std::string_view role, std::string_view version, Span took);
[[nodiscard]] Event server_stopping();
[[nodiscard]] Event server_stopped();
[[nodiscard]] Event demo_provider(std::string url);
[[nodiscard]] Event settings_warning(std::string detail);
[[nodiscard]] Event storage_away(std::string detail);
[[nodiscard]] Event redis_away(std::string detail);
[[nodiscard]] Event redis_warning(std::string node, std::string detail);
[[nodiscard]] Event request_failed(std::string_view method, std::string path, int status, std::string cause);
/// Entries that wait to be written.
[[nodiscard]] Event audit_not_written(const Error& error);
/// The entry of a deletion at the provider.
[[nodiscard]] Event audit_not_written(const Recording& recording, const Error& error);
[[nodiscard]] Event audit_dropped(std::int64_t entries);
[[nodiscard]] Event worker_killed(std::int64_t pid, Span silence);
/// `after`: how the worker ended.
[[nodiscard]] Event worker_restarted(std::string after, Milliseconds pause);
[[nodiscard]] Event worker_start_failed(std::string detail);
[[nodiscard]] Event log_lines_dropped(std::int64_t count);

[[nodiscard]] Event fetch_broke(const BusinessId& business, const Sid& sid, std::string detail);
[[nodiscard]] Event measure_broke();
[[nodiscard]] Event worker_task_failed(std::string detail);
[[nodiscard]] Event upkeep_failed();

}  // namespace tapedeck::event

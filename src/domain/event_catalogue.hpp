#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "domain/event.hpp"

// Every event that the log can show: one row for each. domain/events.hpp has a constructor for each row, the metrics
// count by these rows, and docs/operations.md lists them (tests/docs_check.test.mjs compares the two).

namespace tapedeck {

/// Most fields of one kind of event.
inline constexpr std::size_t kEventFieldsMax = 6;

/// The counter of a kind of event.
struct EventMetric {
  std::string_view name;  ///< empty: the event is not counted
  std::string_view help;
  std::string_view label;  ///< the field whose value becomes the label of the same name; empty: no label
};

struct EventKind {
  std::string_view name;
  Severity severity;  ///< the lowest that the kind has; an outcome can raise it
  std::string_view glyph;
  std::string_view meaning;
  std::array<std::string_view, kEventFieldsMax> fields;  ///< in the order of the line; an event may leave some out
  EventMetric counter{};
};

// clang-format off
inline constexpr auto kEventCatalogue = std::to_array<EventKind>({
    // Slots.
    {"RECORDING_ENQUEUE", Severity::kInfo, "🎧", "a recording was asked for and got a slot",
     {"business_id", "sid", "active"},
     {"tapedeck_recordings_enqueued_total", "Requested recordings that got a slot at once.", ""}},
    {"RECORDING_QUEUED", Severity::kInfo, "⏳", "a recording was asked for and waits",
     {"business_id", "sid", "active", "queue_len"},
     {"tapedeck_recordings_queued_total", "Requested recordings that had to wait.", ""}},
    {"RECORDING_DONE", Severity::kInfo, "✅", "a worker gave its slot back",
     {"business_id", "sid", "active"},
     {"tapedeck_slots_released_total", "Slots that workers gave back, whatever the outcome.", ""}},
    {"RECORDING_NEXT", Severity::kInfo, "➡️", "the next recording in line got a slot",
     {"business_id", "sid", "active"},
     {"tapedeck_recordings_handed_on_total", "Waiting recordings that got a slot when one came free.", ""}},
    {"RECORDING_CLAIMED", Severity::kDebug, "", "a worker took a granted slot",
     {"business_id", "sid", "lane"},
     {"tapedeck_slots_claimed_total", "Slots taken by this worker, by lane.", "lane"}},
    {"RECORDING_RECLAIMED", Severity::kWarning, "", "a worker did not renew its lease and lost the slot",
     {"business_id", "sid", "cause", "gave_up"},
     {"tapedeck_slots_reclaimed_total", "Slots taken back because the worker did not renew its lease.", ""}},
    {"SLOTS_DAMAGED", Severity::kError, "", "a key in Redis holds what it should not",
     {"business_id", "detail"}},
    {"SLOTS_LOST", Severity::kWarning, "", "Redis lost the slots; they are rebuilt from the call store",
     {"detail"}},
    {"RECOVERED", Severity::kInfo, "", "what waited has its place again",
     {"waiting", "interrupted", "businesses", "leftover_files", "seconds"}},
    {"RECOVERY_FAILED", Severity::kError, "", "the slots could not be rebuilt; the next sweep tries again",
     {"detail"}},
    {"RECONCILED", Severity::kWarning, "", "rows waited that the slot store did not know; they were asked for again",
     {"waiting"}},

    // Fetches.
    {"RECORDING_ANNOUNCED", Severity::kInfo, "", "the provider's webhook changed a recording",
     {"business_id", "sid", "state"},
     {"tapedeck_recordings_announced_total",
      "Recordings that the provider's webhook changed, by their state after it.", "state"}},
    {"RECORDING_STORED", Severity::kInfo, "", "a recording was fetched, verified and stored",
     {"business_id", "sid", "bytes", "attempt", "commit_seconds"},
     {"tapedeck_recordings_stored_total", "Recordings fetched, verified and stored.", ""}},
    {"RECORDING_RETRY", Severity::kWarning, "", "an attempt failed and is made again at retry_at",
     {"business_id", "sid", "cause", "detail", "attempt", "retry_at"},
     {"tapedeck_recording_retries_total",
      "Attempts to fetch that failed and will be made again, by cause.", "cause"}},
    {"RECORDING_FAILED", Severity::kError, "", "a recording was given up until somebody retries it",
     {"business_id", "sid", "cause", "detail", "attempt"},
     {"tapedeck_recordings_failed_total",
      "Recordings that were given up until somebody retries them, by cause.", "cause"}},
    {"COMMIT_FENCED", Severity::kWarning, "", "a fetch ended after another worker had taken the recording",
     {"business_id", "sid", "fence"},
     {"tapedeck_commits_fenced_total",
      "Fetches whose commit was refused, because another worker had taken the recording since.", ""}},
    {"BUSINESS_PAUSED", Severity::kWarning, "", "the provider's answer holds back a business until then",
     {"business_id", "cause", "until"},
     {"tapedeck_businesses_paused_total",
      "Times that a provider's answer held back a whole business, by cause.", "cause"}},
    {"WEBHOOK_MISSED", Severity::kWarning, "", "the provider lists a recording whose webhook never came",
     {"business_id", "sid", "made_at"},
     {"tapedeck_webhooks_missed_total", "Recordings found in the provider's list whose webhook never came.", ""}},
    {"LISTING_FAILED", Severity::kWarning, "", "the recordings of an account could not be listed",
     {"account", "cause", "detail"},
     {"tapedeck_listing_failures_total", "Listings of accounts that failed, by cause.", "cause"}},

    // Measures.
    {"RECORDING_MEASURED", Severity::kDebug, "", "a recording was decoded and its waveform stored",
     {"business_id", "sid", "audio_seconds", "seconds"},
     {"tapedeck_recordings_measured_total", "Stored recordings that were decoded, and whose waveform was stored.", ""}},
    {"MEASURE_FAILED", Severity::kWarning, "", "a recording could not be decoded, or its waveform could not be stored",
     {"business_id", "sid", "cause", "detail", "final"},
     {"tapedeck_measure_failures_total",
      "Stored recordings that could not be decoded, or whose waveform could not be stored, by cause.", "cause"}},
    {"DURATION_DIFFERS", Severity::kWarning, "", "the audio is longer or shorter than the provider said",
     {"business_id", "sid", "told_seconds", "measured_seconds"},
     {"tapedeck_duration_differences_total", "Recordings whose duration is not what the provider said.", ""}},

    // Deletion and checks.
    {"RECORDING_EXPIRED", Severity::kInfo, "", "a recording was deleted because its retention had ended",
     {"business_id", "sid"},
     {"tapedeck_recordings_expired_total", "Recordings deleted because their retention had ended.", ""}},
    {"AUDIO_DAMAGED", Severity::kError, "", "a stored recording is damaged, so it was not deleted at the provider",
     {"business_id", "sid", "cause", "detail"},
     {"tapedeck_recordings_damaged_total",
      "Stored recordings found damaged before their deletion at the provider.", ""}},
    {"SOURCE_DELETED", Severity::kInfo, "", "a recording was verified here and deleted at the provider",
     {"business_id", "sid"},
     {"tapedeck_sources_deleted_total", "Recordings deleted at the provider, once their archive was verified.", ""}},
    {"SOURCE_NOT_DELETED", Severity::kWarning, "", "a deletion at the provider failed and is tried again",
     {"business_id", "sid", "cause", "detail"},
     {"tapedeck_source_failures_total",
      "Deletions at the provider that failed and will be tried again, by cause.", "cause"}},
    {"BLOB_MISSING", Severity::kWarning, "", "a stored row has no blob",
     {"business_id", "sid", "key", "outcome"},
     {"tapedeck_blobs_missing_total", "Stored rows without a whole blob, by outcome.", "outcome"}},
    {"BLOB_UNKNOWN", Severity::kInfo, "", "no row names this blob",
     {"key", "outcome"},
     {"tapedeck_blobs_unknown_total", "Blobs that no row names, by outcome.", "outcome"}},
    {"STORAGE_CHECKED", Severity::kInfo, "", "a pass over all stored rows, or over all blobs, has ended",
     {"what", "checked", "missing", "unknown", "removed"},
     {"tapedeck_storage_checks_total", "Passes over all stored rows or over all blobs.", "what"}},
    {"UPLOADS_COLLECTED", Severity::kInfo, "", "uploads in parts that nobody completed were ended",
     {"uploads"}},
    {"RECONCILE_FAILED", Severity::kWarning, "", "a task of the upkeep failed and is tried again",
     {"task", "cause", "detail"},
     {"tapedeck_reconcile_failures_total", "Times that a task of the upkeep failed.", "task"}},

    // The server.
    {"SERVER_READY", Severity::kInfo, "", "the server listens",
     {"url", "role", "version", "seconds"}},
    {"SERVER_STOPPING", Severity::kInfo, "", "the server takes no more requests", {}},
    {"SERVER_STOPPED", Severity::kInfo, "", "the server has ended", {}},
    {"DEMO_PROVIDER", Severity::kInfo, "", "the address of the demo's simulator",
     {"url"}},
    {"SETTINGS_WARNING", Severity::kWarning, "", "a setting is allowed but unwise",
     {"detail"}},
    {"STORAGE_AWAY", Severity::kError, "", "the object store cannot be used at the start",
     {"detail"}},
    {"REDIS_AWAY", Severity::kWarning, "", "Redis cannot be reached at the start",
     {"detail"}},
    {"REDIS_WARNING", Severity::kWarning, "", "Redis is configured so that some fault costs more than it needs to",
     {"node", "detail"}},
    {"REQUEST_FAILED", Severity::kError, "", "a request was answered with 5xx",
     {"method", "path", "status", "cause"},
     {"tapedeck_requests_failed_total", "Requests answered with 5xx.", ""}},
    {"AUDIT_NOT_WRITTEN", Severity::kWarning, "", "entries of the audit could not be written",
     {"business_id", "sid", "cause", "detail"},
     {"tapedeck_audit_failures_total", "Times that writing the audit began to fail.", ""}},
    {"AUDIT_DROPPED", Severity::kWarning, "", "entries of the audit were dropped",
     {"entries"},
     {"tapedeck_audit_drops_total",
      "Times that entries of the audit were dropped, because the store took none for too long.", ""}},
    {"WORKER_KILLED", Severity::kError, "", "the supervisor killed a worker that had stalled",
     {"pid", "seconds", "detail"}},
    {"WORKER_RESTARTED", Severity::kError, "", "the worker has ended; the supervisor starts it again",
     {"after", "pause_ms"}},
    {"WORKER_START_FAILED", Severity::kError, "", "the supervisor could not start the worker",
     {"detail"}},
    {"LOG_LINES_DROPPED", Severity::kWarning, "", "nobody read the log, so lines were dropped",
     {"count"}},

    // Internal errors.
    {"FETCH_BROKE", Severity::kError, "", "an internal error ended a fetch",
     {"business_id", "sid", "detail"},
     {"tapedeck_fetches_broken_total", "Fetches ended by an internal error.", ""}},
    {"MEASURE_BROKE", Severity::kError, "", "an internal error ended a measure", {},
     {"tapedeck_measures_broken_total", "Measures ended by an internal error.", ""}},
    {"WORKER_TASK_FAILED", Severity::kError, "", "an internal error ended a task of a worker",
     {"detail"},
     {"tapedeck_worker_failures_total", "Tasks of workers ended by an internal error.", ""}},
    {"UPKEEP_FAILED", Severity::kError, "", "an internal error ended a task of the upkeep", {}},
});
// clang-format on

}  // namespace tapedeck

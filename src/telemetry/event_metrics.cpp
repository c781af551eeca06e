#include "telemetry/event_metrics.hpp"

#include <array>

namespace tapedeck {
namespace {

constexpr std::array kCounterRules{
    CounterRule{"RECORDING_ENQUEUE", "tapedeck_recordings_enqueued_total",
                "Recordings asked for that got a slot at once.", "", ""},
    CounterRule{"RECORDING_QUEUED", "tapedeck_recordings_queued_total", "Recordings asked for that had to wait.", "",
                ""},
    CounterRule{"RECORDING_NEXT", "tapedeck_recordings_handed_on_total",
                "Waiting recordings that got a slot when one came free.", "", ""},
    CounterRule{"RECORDING_DONE", "tapedeck_slots_released_total", "Slots given back by workers, whatever the outcome.",
                "", ""},
    CounterRule{"RECORDING_CLAIMED", "tapedeck_slots_claimed_total", "Slots taken by this worker, by lane.", "lane",
                "lane"},
    CounterRule{"RECORDING_RECLAIMED", "tapedeck_slots_reclaimed_total",
                "Slots taken back because the worker did not renew its lease.", "", ""},
    CounterRule{"RECORDING_ANNOUNCED", "tapedeck_recordings_announced_total",
                "Recordings that the provider's webhook changed, by their state after it.", "state", "state"},
    CounterRule{"RECORDING_STORED", "tapedeck_recordings_stored_total", "Recordings fetched, verified and stored.", "",
                ""},
    CounterRule{"RECORDING_RETRY", "tapedeck_recording_retries_total",
                "Attempts to fetch that failed and will be made again, by cause.", "cause", "cause"},
    CounterRule{"RECORDING_FAILED", "tapedeck_recordings_failed_total",
                "Recordings given up until somebody retries them, by cause.", "cause", "cause"},
    CounterRule{"RECORDING_MEASURED", "tapedeck_recordings_measured_total",
                "Stored recordings that were decoded, and whose waveform was stored.", "", ""},
    CounterRule{"MEASURE_FAILED", "tapedeck_measure_failures_total",
                "Times that a stored recording could not be decoded, or its waveform not be stored, by cause.", "cause",
                "cause"},
    CounterRule{"DURATION_DIFFERS", "tapedeck_duration_differences_total",
                "Recordings whose duration is not what the provider said.", "", ""},
    CounterRule{"MEASURE_BROKE", "tapedeck_measures_broken_total", "Measures ended by an internal error.", "", ""},
    CounterRule{"RECORDING_EXPIRED", "tapedeck_recordings_expired_total",
                "Recordings deleted because their retention had ended.", "", ""},
    CounterRule{"AUDIO_DAMAGED", "tapedeck_recordings_damaged_total",
                "Stored recordings found damaged before their deletion at the provider.", "", ""},
    CounterRule{"SOURCE_DELETED", "tapedeck_sources_deleted_total",
                "Recordings deleted at the provider, once their archive was verified.", "", ""},
    CounterRule{"SOURCE_NOT_DELETED", "tapedeck_source_failures_total",
                "Deletions at the provider that failed and will be tried again, by cause.", "cause", "cause"},
    CounterRule{"COMMIT_FENCED", "tapedeck_commits_fenced_total",
                "Fetches whose commit was refused, because another worker had taken the recording since.", "", ""},
    CounterRule{"BUSINESS_PAUSED", "tapedeck_businesses_paused_total",
                "Times that a provider's answer held back a whole business, by cause.", "cause", "cause"},
    CounterRule{"WEBHOOK_MISSED", "tapedeck_webhooks_missed_total",
                "Recordings found in the provider's list whose webhook never came.", "", ""},
    CounterRule{"LISTING_FAILED", "tapedeck_listing_failures_total",
                "Accounts whose recordings could not be listed, by cause.", "cause", "cause"},
    CounterRule{"BLOB_MISSING", "tapedeck_blobs_missing_total",
                "Stored rows found without their blob, by what was done.", "outcome", "outcome"},
    CounterRule{"BLOB_UNKNOWN", "tapedeck_blobs_unknown_total", "Blobs found that no row speaks of, by what was done.",
                "outcome", "outcome"},
    CounterRule{"STORAGE_CHECKED", "tapedeck_storage_checks_total", "Passes that compared all rows, or all blobs.",
                "what", "what"},
    CounterRule{"RECONCILE_FAILED", "tapedeck_reconcile_failures_total", "Times that a task of the upkeep failed.",
                "task", "task"},
    CounterRule{"REQUEST_FAILED", "tapedeck_requests_failed_total", "Requests answered with 5xx.", "", ""},
    CounterRule{"AUDIT_DROPPED", "tapedeck_audit_drops_total",
                "Times that entries of the audit were dropped, because the store took none for too long.", "", ""},
    CounterRule{"AUDIT_NOT_WRITTEN", "tapedeck_audit_failures_total", "Times that writing the audit began to fail.", "",
                ""},
    CounterRule{"FETCH_BROKE", "tapedeck_fetches_broken_total", "Fetches ended by an internal error.", "", ""},
    CounterRule{"UPKEEP_FAILED", "tapedeck_upkeep_failures_total", "Internal errors in tasks of the upkeep, by task.",
                "task", "task"},
    CounterRule{"WORKER_TASK_FAILED", "tapedeck_worker_failures_total", "Tasks of workers ended by an internal error.",
                "", ""},
};

}  // namespace

std::span<const CounterRule> counter_rules() { return kCounterRules; }

const std::vector<HistogramRule>& histogram_rules() {
  static const std::vector<HistogramRule> rules{
      {"RECORDING_STORED",
       "bytes",
       1,
       "tapedeck_recording_size_bytes",
       "Size of recordings as they were stored.",
       {16e3, 64e3, 256e3, 1e6, 4e6, 16e6, 64e6, 256e6}},
      {"RECORDING_STORED",
       "commit_seconds",
       1,
       "tapedeck_commit_duration_seconds",
       "From the provider's last byte, published, to the row that says stored.",
       {0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5}},
      {"RECORDING_MEASURED",
       "seconds",
       1,
       "tapedeck_measure_duration_seconds",
       "From a stored recording's first byte read to its duration and waveform, stored.",
       {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60}},
  };
  return rules;
}

}  // namespace tapedeck

#include "adapters/telemetry/event_metrics.hpp"

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
    CounterRule{"RECORDING_RECLAIMED", "tapedeck_slots_reclaimed_total",
                "Slots taken back because the worker did not renew its lease.", "", ""},
    CounterRule{"RECORDING_ANNOUNCED", "tapedeck_recordings_announced_total",
                "Recordings that the provider's webhook changed, by their state after it.", "state", "state"},
    CounterRule{"RECORDING_FAILED", "tapedeck_recording_failures_total", "Attempts to fetch that failed, by cause.",
                "cause", "cause"},
};

}  // namespace

std::span<const CounterRule> counter_rules() { return kCounterRules; }

const std::vector<HistogramRule>& histogram_rules() {
  static const std::vector<HistogramRule> rules{};
  return rules;
}

}  // namespace tapedeck

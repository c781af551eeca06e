#include "telemetry/event_metrics.hpp"

namespace tapedeck {

const std::vector<HistogramRule>& histogram_rules() {
  static const std::vector<HistogramRule> rules{
      {"RECORDING_STORED",
       "bytes",
       "tapedeck_recording_size_bytes",
       "Size of recordings as they were stored.",
       {16e3, 64e3, 256e3, 1e6, 4e6, 16e6, 64e6, 256e6}},
      {"RECORDING_STORED",
       "commit_seconds",
       "tapedeck_commit_duration_seconds",
       "From the provider's last byte, published, to the row that says stored.",
       {0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5}},
      {"RECORDING_MEASURED",
       "seconds",
       "tapedeck_measure_duration_seconds",
       "From a stored recording's first byte read to its duration and waveform, stored.",
       {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60}},
  };
  return rules;
}

}  // namespace tapedeck

#pragma once

#include "telemetry/metrics.hpp"

namespace tapedeck {

/// Registers memory, processor time, open descriptors and start of this process, under the names that every Prometheus
/// client gives them (prometheus.io, "Writing client libraries", Process metrics). Reads Linux's /proc.
void watch_process(Metrics& metrics);

}  // namespace tapedeck

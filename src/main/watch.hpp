#pragma once

#include <atomic>

#include "app/backlog.hpp"
#include "http/server/server.hpp"
#include "main/slot_stores.hpp"
#include "main/stores.hpp"
#include "runtime/offload.hpp"
#include "telemetry/logger.hpp"
#include "telemetry/metrics.hpp"

namespace tapedeck {

// The numbers that the parts of a process keep, under the names of the metrics. Each part outlives the metrics.

/// Of processes that download.
void watch_backlog(Metrics& metrics, const Backlog& backlog);
/// `confirmed`: as of Pulse.
void watch_leases(Metrics& metrics, const Clock& clock, const std::atomic<SteadyTime>& confirmed);
void watch_slots(Metrics& metrics, const OpenSlotStore& slots);
void watch_calls(Metrics& metrics, const OpenCallStore& calls);
void watch_disk(Metrics& metrics, const OffloadPool& disk);
void watch_server(Metrics& metrics, const http::Server& server);
void watch_log(Metrics& metrics, const Logger& log);

}  // namespace tapedeck

#pragma once

#include "adapters/http/server.hpp"
#include "adapters/sqlite/sqlite_call_store.hpp"
#include "adapters/telemetry/logger.hpp"
#include "adapters/telemetry/metrics.hpp"
#include "main/slot_stores.hpp"

namespace tapedeck {

// What the parts of the server count, under the names of the metrics. Each part outlives the metrics.

void watch_slots(Metrics& metrics, const OpenSlotStore& slots);
void watch_calls(Metrics& metrics, const SqliteCallStore& calls);
void watch_server(Metrics& metrics, const http::Server& server);
void watch_log(Metrics& metrics, const Logger& log);

}  // namespace tapedeck

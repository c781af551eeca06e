#include "main/watch.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tapedeck {
namespace {

using http::ServerStats;

void watch_number(Metrics& metrics, MetricKind kind, std::string name, std::string help, std::function<double()> read) {
  metrics.watch({kind, std::move(name), std::move(help), "",
                 [read = std::move(read)] { return std::vector<Sample>{{"", read()}}; }});
}

void watch_count(Metrics& metrics, const http::Server& server, std::string name, std::string help,
                 std::uint64_t ServerStats::* member) {
  watch_number(metrics, MetricKind::kCounter, std::move(name), std::move(help),
               [&server, member] { return static_cast<double>(server.stats().*member); });
}

void watch_duration(Metrics& metrics, const http::Server& server, std::string name, std::string help,
                    http::DurationHistogram ServerStats::* member) {
  metrics.watch(WatchedHistogram{std::move(name), std::move(help), [&server, member] {
                                   const http::DurationHistogram now = server.stats().*member;
                                   return HistogramSample{{http::kDurationBounds.begin(), http::kDurationBounds.end()},
                                                          {now.counts.begin(), now.counts.end()},
                                                          now.sum_seconds};
                                 }});
}

Sample sample(std::string label_value, std::uint64_t count) {
  return {std::move(label_value), static_cast<double>(count)};
}

void watch_redis(Metrics& metrics, const redis::Client& client) {
  using redis::ClientStatistics;
  const auto watch = [&](MetricKind kind, std::string name, std::string help, auto member, double scale) {
    watch_number(metrics, kind, std::move(name), std::move(help),
                 [&client, member, scale] { return static_cast<double>(client.statistics().*member) * scale; });
  };
  const auto count = [&](std::string name, std::string help, auto member) {
    watch(MetricKind::kCounter, std::move(name), std::move(help), member, 1.0);
  };
  count("tapedeck_redis_commands_total", "Commands that Redis answered.", &ClientStatistics::round_trips);
  watch(MetricKind::kCounter, "tapedeck_redis_round_trip_seconds_total",
        "Time from writing a command to its answer, summed up.", &ClientStatistics::round_trip_nanoseconds, 1e-9);
  count("tapedeck_redis_connects_total", "Connections to Redis that were made.", &ClientStatistics::connects);
  count("tapedeck_redis_reconnects_total", "Of them: in place of one that broke.", &ClientStatistics::reconnects);
  count("tapedeck_redis_connect_failures_total", "Connections to Redis that could not be made.",
        &ClientStatistics::connect_failures);
  count("tapedeck_redis_timeouts_total", "Commands that were given up.", &ClientStatistics::timeouts);
  count("tapedeck_redis_redirects_total", "Answers that named another node, and masters that were none.",
        &ClientStatistics::redirects);
  watch(MetricKind::kGauge, "tapedeck_redis_commands_waiting", "Commands that wait for their answer.",
        &ClientStatistics::in_flight, 1.0);
}

}  // namespace

void watch_slots(Metrics& metrics, const OpenSlotStore& slots) {
  if (slots.client) {
    watch_redis(metrics, *slots.client);
    return;
  }
  const MemorySlotStore& memory = *slots.memory;
  metrics.watch({MetricKind::kGauge, "tapedeck_recordings_in_progress",
                 "Recordings that hold a slot, wait in a lane, or back off after a failure.", "place", [&memory] {
                   const SlotTable::Totals totals = memory.totals();
                   const auto of = [](std::int64_t count) { return static_cast<double>(count); };
                   return std::vector<Sample>{{"active", of(totals.active)},
                                              {"waiting_play", of(totals.waiting_play)},
                                              {"waiting_fetch", of(totals.waiting_fetch)},
                                              {"delayed", of(totals.delayed)}};
                 }});
}

void watch_calls(Metrics& metrics, const SqliteCallStore& calls) {
  watch_number(metrics, MetricKind::kCounter, "tapedeck_store_commits_total", "Transactions of the call store.",
               [&calls] { return static_cast<double>(calls.counts().commits); });
  metrics.watch({MetricKind::kGauge, "tapedeck_store_operations_waiting", "Operations that wait for the call store.",
                 "kind", [&calls] {
                   const SqliteCounts counts = calls.counts();
                   return std::vector<Sample>{sample("read", counts.reads_queued),
                                              sample("write", counts.writes_queued)};
                 }});
}

void watch_server(Metrics& metrics, const http::Server& server) {
  metrics.watch({MetricKind::kCounter, "tapedeck_http_requests_total", "Requests answered, by class of status.",
                 "class", [&server] {
                   const ServerStats stats = server.stats();
                   std::vector<Sample> samples;
                   for (std::size_t i = 0; i < stats.requests_by_class.size(); ++i) {
                     samples.push_back(sample(std::to_string(i + 1) + "xx", stats.requests_by_class[i]));
                   }
                   return samples;
                 }});
  watch_number(metrics, MetricKind::kGauge, "tapedeck_http_connections", "Connections that are open.",
               [&server] { return static_cast<double>(server.stats().connections_open); });
  watch_count(metrics, server, "tapedeck_http_connections_accepted_total", "Connections accepted.",
              &ServerStats::connections_accepted);
  watch_count(metrics, server, "tapedeck_http_connections_refused_total",
              "Connections refused: over MAX_CONNECTIONS, or out of descriptors.", &ServerStats::connections_refused);
  watch_count(metrics, server, "tapedeck_http_accept_errors_total", "Times that the system refused to accept.",
              &ServerStats::accept_errors);
  watch_count(metrics, server, "tapedeck_http_sent_bytes_total", "Bytes sent, heads and bodies.",
              &ServerStats::bytes_sent);
  watch_count(metrics, server, "tapedeck_http_responses_aborted_total",
              "Responses cut short, mostly by a peer that went.", &ServerStats::responses_aborted);
  watch_count(metrics, server, "tapedeck_http_handler_failures_total", "Internal errors answered with 500.",
              &ServerStats::handler_failures);
  watch_count(metrics, server, "tapedeck_http_cold_reads_total",
              "Pieces of a recording that had to come from the disk.", &ServerStats::cold_reads);
  metrics.watch({MetricKind::kCounter, "tapedeck_http_timeouts_total",
                 "Connections closed because a client was too slow.", "kind", [&server] {
                   const ServerStats stats = server.stats();
                   return std::vector<Sample>{sample("header", stats.header_timeouts),
                                              sample("body", stats.body_timeouts), sample("idle", stats.idle_timeouts),
                                              sample("stall", stats.stall_timeouts),
                                              sample("slow_reader", stats.slow_readers_cut)};
                 }});
  watch_duration(metrics, server, "tapedeck_http_first_byte_seconds",
                 "From a request's last byte to the answer's first.", &ServerStats::first_byte);
  watch_duration(metrics, server, "tapedeck_http_duration_seconds", "From a request's last byte to the answer's last.",
                 &ServerStats::duration);
}

void watch_log(Metrics& metrics, const Logger& log) {
  watch_number(metrics, MetricKind::kCounter, "tapedeck_log_lines_dropped_total",
               "Log lines dropped, because nobody read the log.",
               [&log] { return static_cast<double>(log.dropped()); });
}

}  // namespace tapedeck

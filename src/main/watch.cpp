#include "main/watch.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tapedeck {
namespace {

using http::ServerStats;
using redis::ClientStatistics;

constexpr MetricKind kCounter = MetricKind::kCounter;
constexpr MetricKind kGauge = MetricKind::kGauge;

// A metric without labels: one member of a part's statistics.
template <class Stats>
struct Number {
  MetricKind kind;
  const char* name;
  const char* help;
  std::uint64_t Stats::* member;
  double scale = 1;
};

constexpr std::array kServerNumbers{
    Number<ServerStats>{kGauge, "tapedeck_http_connections", "Open connections.", &ServerStats::connections_open},
    Number<ServerStats>{kCounter, "tapedeck_http_connections_accepted_total", "Accepted connections.",
                        &ServerStats::connections_accepted},
    Number<ServerStats>{kCounter, "tapedeck_http_connections_refused_total",
                        "Refused connections: over MAX_CONNECTIONS, or out of descriptors.",
                        &ServerStats::connections_refused},
    Number<ServerStats>{kCounter, "tapedeck_http_accept_errors_total", "Times the system refused to accept.",
                        &ServerStats::accept_errors},
    Number<ServerStats>{kCounter, "tapedeck_http_sent_bytes_total", "Bytes sent, heads and bodies.",
                        &ServerStats::bytes_sent},
    Number<ServerStats>{kCounter, "tapedeck_http_responses_aborted_total",
                        "Responses cut short, mostly by a client that left.", &ServerStats::responses_aborted},
    Number<ServerStats>{kCounter, "tapedeck_http_handler_failures_total", "Internal errors answered with 500.",
                        &ServerStats::handler_failures},
    Number<ServerStats>{kCounter, "tapedeck_http_cold_reads_total", "Pieces of recordings read from the disk.",
                        &ServerStats::cold_reads},
};

constexpr std::array kRedisNumbers{
    Number<ClientStatistics>{kCounter, "tapedeck_redis_commands_total", "Commands that Redis answered.",
                             &ClientStatistics::round_trips},
    Number<ClientStatistics>{kCounter, "tapedeck_redis_round_trip_seconds_total",
                             "Total time from writing a command to its answer.",
                             &ClientStatistics::round_trip_nanoseconds, 1e-9},
    Number<ClientStatistics>{kCounter, "tapedeck_redis_connects_total", "Connections made to Redis.",
                             &ClientStatistics::connects},
    Number<ClientStatistics>{kCounter, "tapedeck_redis_reconnects_total",
                             "Connections made to Redis in place of a broken one.", &ClientStatistics::reconnects},
    Number<ClientStatistics>{kCounter, "tapedeck_redis_connect_failures_total", "Failed connections to Redis.",
                             &ClientStatistics::connect_failures},
    Number<ClientStatistics>{kCounter, "tapedeck_redis_timeouts_total", "Commands that Redis did not answer in time.",
                             &ClientStatistics::timeouts},
    Number<ClientStatistics>{kCounter, "tapedeck_redis_redirects_total",
                             "Answers that named another node, and masters that were not masters.",
                             &ClientStatistics::redirects},
};

constexpr std::array<std::pair<const char*, std::uint64_t ServerStats::*>, 5> kTimeouts{{
    {"header", &ServerStats::header_timeouts},
    {"body", &ServerStats::body_timeouts},
    {"idle", &ServerStats::idle_timeouts},
    {"stall", &ServerStats::stall_timeouts},
    {"slow_reader", &ServerStats::slow_readers_cut},
}};

template <class Numbers, class Read>
void watch_numbers(Metrics& metrics, const Numbers& numbers, Read read) {
  for (const auto& number : numbers) {
    metrics.watch(number.kind, number.name, number.help,
                  [read, &number] { return static_cast<double>(read().*number.member) * number.scale; });
  }
}

Sample sample(std::string label_value, std::uint64_t count) {
  return {{std::move(label_value)}, static_cast<double>(count)};
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

void watch_scripts(Metrics& metrics, const redis::Client& client, std::string name, std::string help,
                   double (*value)(const redis::ScriptTime&)) {
  metrics.watch({kCounter, std::move(name), std::move(help), {"script"}, [&client, value] {
                   std::vector<Sample> samples;
                   for (const redis::ScriptTime& sum : client.script_times()) {
                     samples.push_back({{std::string(sum.script)}, value(sum)});
                   }
                   return samples;
                 }});
}

std::string_view reason_name(BacklogReason reason) {
  switch (reason) {
    case BacklogReason::kRunning: return "running";
    case BacklogReason::kSlot: return "slot";
    case BacklogReason::kPaused: return "paused";
    case BacklogReason::kRetry: return "retry";
  }
  return "slot";
}

void watch_lines(Metrics& metrics, const Backlog& backlog, std::string name, std::string help,
                 double (*value)(const Backlog&, const BacklogLine&)) {
  metrics.watch({kGauge, std::move(name), std::move(help), {"lane", "reason"}, [&backlog, value] {
                   std::vector<Sample> samples;
                   for (const BacklogLine& line : backlog.lines()) {
                     samples.push_back({{std::string(lane_name(line.lane)), std::string(reason_name(line.reason))},
                                        value(backlog, line)});
                   }
                   return samples;
                 }});
}

template <class Store>
void watch_store(Metrics& metrics, const Store& calls) {
  metrics.watch(kCounter, "tapedeck_store_commits_total", "Transactions of the call store.",
                [&calls] { return static_cast<double>(calls.counts().commits); });
  metrics.watch(
      {kGauge, "tapedeck_store_operations_waiting", "Operations waiting for the call store.", {"kind"}, [&calls] {
         const auto counts = calls.counts();
         return std::vector<Sample>{sample("read", counts.reads_queued), sample("write", counts.writes_queued)};
       }});
}

}  // namespace

void watch_slots(Metrics& metrics, const OpenSlotStore& slots) {
  if (!slots.client) return;
  const redis::Client& client = *slots.client;
  watch_numbers(metrics, kRedisNumbers, [&client] { return client.statistics(); });
  metrics.watch(kGauge, "tapedeck_redis_commands_waiting", "Commands waiting for their answer.",
                [&client] { return static_cast<double>(client.statistics().in_flight); });
  watch_scripts(metrics, client, "tapedeck_redis_script_calls_total", "Scripts run in Redis.",
                [](const redis::ScriptTime& sum) { return static_cast<double>(sum.calls); });
  watch_scripts(metrics, client, "tapedeck_redis_script_seconds_total",
                "Total time from asking for a script to its answer.",
                [](const redis::ScriptTime& sum) { return std::chrono::duration<double>(sum.time).count(); });
}

void watch_backlog(Metrics& metrics, const Backlog& backlog) {
  watch_lines(metrics, backlog, "tapedeck_recordings_in_progress",
              "Recordings of the whole call store that were asked for and are not stored yet, by lane and by what they"
              " wait for.",
              [](const Backlog&, const BacklogLine& line) { return static_cast<double>(line.count); });
  watch_lines(metrics, backlog, "tapedeck_oldest_wait_seconds", "Time since the oldest of them was asked for.",
              [](const Backlog& of, const BacklogLine& line) {
                return std::chrono::duration<double>(of.age_of(line)).count();
              });
}

void watch_leases(Metrics& metrics, const Clock& clock, const std::atomic<SteadyTime>& confirmed) {
  metrics.watch(kGauge, "tapedeck_lease_age_seconds",
                "Time since the lease of an open download was last confirmed; of all, the longest.",
                [&] { return std::chrono::duration<double>(clock.steady_now() - confirmed.load()).count(); });
}

void watch_calls(Metrics& metrics, const OpenCallStore& calls) {
  if (calls.embedded) return watch_store(metrics, *calls.embedded);
  const PostgresCallStore& shared = *calls.shared;
  watch_store(metrics, shared);
  metrics.watch(kCounter, "tapedeck_postgres_connects_total", "Connections made to PostgreSQL.",
                [&shared] { return static_cast<double>(shared.counts().connects); });
}

void watch_disk(Metrics& metrics, const OffloadPool& disk) {
  metrics.watch(kCounter, "tapedeck_disk_refusals_total", "Disk operations refused because too many waited.",
                [&disk] { return static_cast<double>(disk.refused()); });
}

void watch_server(Metrics& metrics, const http::Server& server) {
  watch_numbers(metrics, kServerNumbers, [&server] { return server.stats(); });
  metrics.watch(
      {kCounter, "tapedeck_http_requests_total", "Answered requests, by class of status.", {"class"}, [&server] {
         const ServerStats stats = server.stats();
         std::vector<Sample> samples;
         for (std::size_t i = 0; i < stats.requests_by_class.size(); ++i) {
           samples.push_back(sample(std::to_string(i + 1) + "xx", stats.requests_by_class[i]));
         }
         return samples;
       }});
  metrics.watch({kCounter,
                 "tapedeck_http_timeouts_total",
                 "Connections closed because the client was too slow.",
                 {"kind"},
                 [&server] {
                   const ServerStats stats = server.stats();
                   std::vector<Sample> samples;
                   for (const auto& [kind, member] : kTimeouts) samples.push_back(sample(kind, stats.*member));
                   return samples;
                 }});
  watch_duration(metrics, server, "tapedeck_http_first_byte_seconds",
                 "Time from the last byte of a request to the first byte of its answer.", &ServerStats::first_byte);
  watch_duration(metrics, server, "tapedeck_http_duration_seconds",
                 "Time from the last byte of a request to the last byte of its answer.", &ServerStats::duration);
}

void watch_log(Metrics& metrics, const Logger& log) {
  metrics.watch(kCounter, "tapedeck_log_lines_dropped_total", "Log lines dropped because nobody read the log.",
                [&log] { return static_cast<double>(log.dropped()); });
}

}  // namespace tapedeck

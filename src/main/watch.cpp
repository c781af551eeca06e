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
  metrics.watch({kind, std::move(name), std::move(help), {}, [read = std::move(read)] {
                   return std::vector<Sample>{{{}, read()}};
                 }});
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
  return {{std::move(label_value)}, static_cast<double>(count)};
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
  metrics.watch(
      {MetricKind::kCounter, "tapedeck_redis_script_calls_total", "Scripts run in Redis.", {"script"}, [&client] {
         std::vector<Sample> samples;
         for (const redis::ScriptTime& sum : client.script_times()) {
           samples.push_back(sample(std::string(sum.script), sum.calls));
         }
         return samples;
       }});
  metrics.watch({MetricKind::kCounter,
                 "tapedeck_redis_script_seconds_total",
                 "Time from asking for a script to its answer, summed up.",
                 {"script"},
                 [&client] {
                   std::vector<Sample> samples;
                   for (const redis::ScriptTime& sum : client.script_times()) {
                     samples.push_back({{std::string(sum.script)}, std::chrono::duration<double>(sum.time).count()});
                   }
                   return samples;
                 }});
}

std::string_view reason_name(BacklogReason reason) {
  switch (reason) {
    case BacklogReason::kRunning:
      return "running";
    case BacklogReason::kSlot:
      return "slot";
    case BacklogReason::kPaused:
      return "paused";
    case BacklogReason::kRetry:
      return "retry";
  }
  return "slot";
}

std::vector<Sample> samples_of(const Backlog& backlog, const std::function<double(const BacklogLine&)>& value) {
  std::vector<Sample> samples;
  for (const BacklogLine& line : backlog.lines()) {
    samples.push_back({{std::string(lane_name(line.lane)), std::string(reason_name(line.reason))}, value(line)});
  }
  return samples;
}

}  // namespace

void watch_slots(Metrics& metrics, const OpenSlotStore& slots) {
  if (slots.client) watch_redis(metrics, *slots.client);
}

void watch_backlog(Metrics& metrics, const Backlog& backlog) {
  metrics.watch(
      {MetricKind::kGauge,
       "tapedeck_recordings_in_progress",
       "Recordings that were asked for and are not stored yet, in the whole call store, by lane and by what they"
       " wait for.",
       {"lane", "reason"},
       [&backlog] {
         return samples_of(backlog, [](const BacklogLine& line) { return static_cast<double>(line.count); });
       }});
  metrics.watch({MetricKind::kGauge,
                 "tapedeck_oldest_wait_seconds",
                 "How long ago the first of them was asked for.",
                 {"lane", "reason"},
                 [&backlog] {
                   return samples_of(backlog, [&backlog](const BacklogLine& line) {
                     return std::chrono::duration<double>(backlog.age_of(line)).count();
                   });
                 }});
}

void watch_leases(Metrics& metrics, const Clock& clock, const std::atomic<SteadyTime>& confirmed) {
  watch_number(metrics, MetricKind::kGauge, "tapedeck_lease_age_seconds",
               "How long ago the lease of an open download was last confirmed, of all the longest ago.",
               [&] { return std::chrono::duration<double>(clock.steady_now() - confirmed.load()).count(); });
}

namespace {

template <class Store>
void watch_store(Metrics& metrics, const Store& calls) {
  watch_number(metrics, MetricKind::kCounter, "tapedeck_store_commits_total", "Transactions of the call store.",
               [&calls] { return static_cast<double>(calls.counts().commits); });
  metrics.watch({MetricKind::kGauge,
                 "tapedeck_store_operations_waiting",
                 "Operations that wait for the call store.",
                 {"kind"},
                 [&calls] {
                   const auto counts = calls.counts();
                   return std::vector<Sample>{sample("read", counts.reads_queued),
                                              sample("write", counts.writes_queued)};
                 }});
}

}  // namespace

void watch_calls(Metrics& metrics, const OpenCallStore& calls) {
  if (calls.embedded) {
    watch_store(metrics, *calls.embedded);
    return;
  }
  const PostgresCallStore& shared = *calls.shared;
  watch_store(metrics, shared);
  watch_number(metrics, MetricKind::kCounter, "tapedeck_postgres_connects_total",
               "Connections to PostgreSQL that were made.",
               [&shared] { return static_cast<double>(shared.counts().connects); });
}

void watch_server(Metrics& metrics, const http::Server& server) {
  metrics.watch({MetricKind::kCounter,
                 "tapedeck_http_requests_total",
                 "Requests answered, by class of status.",
                 {"class"},
                 [&server] {
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
  metrics.watch({MetricKind::kCounter,
                 "tapedeck_http_timeouts_total",
                 "Connections closed because a client was too slow.",
                 {"kind"},
                 [&server] {
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

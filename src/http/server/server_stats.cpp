#include "http/server/server_stats.hpp"

#include <algorithm>

namespace tapedeck::http {
namespace {

// The bounds in nanoseconds, so that observing compares integers.
constexpr auto kBoundsInNanoseconds = [] {
  std::array<std::uint64_t, kDurationBounds.size()> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = static_cast<std::uint64_t>(kDurationBounds[i] * 1e9);
  return bounds;
}();

}  // namespace

std::uint64_t DurationHistogram::total() const noexcept {
  std::uint64_t sum = 0;
  for (const auto count : counts) sum += count;
  return sum;
}

void DurationHistogram::add(const DurationHistogram& other) noexcept {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  sum_seconds += other.sum_seconds;
}

void ServerStats::add(const ServerStats& other) noexcept {
  for (std::size_t i = 0; i < requests_by_class.size(); ++i) requests_by_class[i] += other.requests_by_class[i];
  bytes_sent += other.bytes_sent;
  connections_open += other.connections_open;
  connections_accepted += other.connections_accepted;
  connections_refused += other.connections_refused;
  accept_errors += other.accept_errors;
  header_timeouts += other.header_timeouts;
  body_timeouts += other.body_timeouts;
  idle_timeouts += other.idle_timeouts;
  stall_timeouts += other.stall_timeouts;
  slow_readers_cut += other.slow_readers_cut;
  responses_aborted += other.responses_aborted;
  handler_failures += other.handler_failures;
  cold_reads += other.cold_reads;
  first_byte.add(other.first_byte);
  duration.add(other.duration);
}

void DurationCounter::observe(std::chrono::nanoseconds duration) noexcept {
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  std::size_t bucket = 0;
  while (bucket < kBoundsInNanoseconds.size() && nanoseconds > kBoundsInNanoseconds[bucket]) ++bucket;
  counts_[bucket].add();
  sum_nanoseconds_.add(nanoseconds);
}

DurationHistogram DurationCounter::snapshot() const noexcept {
  DurationHistogram histogram;
  for (std::size_t i = 0; i < counts_.size(); ++i) histogram.counts[i] = counts_[i].get();
  histogram.sum_seconds = static_cast<double>(sum_nanoseconds_.get()) / 1e9;
  return histogram;
}

void LoopCounters::count_status(unsigned status) noexcept {
  const unsigned status_class = status / 100;
  if (status_class >= 1 && status_class <= requests_by_class.size()) requests_by_class[status_class - 1].add();
}

ServerStats LoopCounters::snapshot() const noexcept {
  ServerStats stats;
  for (std::size_t i = 0; i < requests_by_class.size(); ++i) stats.requests_by_class[i] = requests_by_class[i].get();
  stats.bytes_sent = bytes_sent.get();
  stats.connections_open = connections_open.get();
  stats.connections_accepted = connections_accepted.get();
  stats.connections_refused = connections_refused.get();
  stats.accept_errors = accept_errors.get();
  stats.header_timeouts = header_timeouts.get();
  stats.body_timeouts = body_timeouts.get();
  stats.idle_timeouts = idle_timeouts.get();
  stats.stall_timeouts = stall_timeouts.get();
  stats.slow_readers_cut = slow_readers_cut.get();
  stats.responses_aborted = responses_aborted.get();
  stats.handler_failures = handler_failures.get();
  stats.cold_reads = cold_reads.get();
  stats.first_byte = first_byte.snapshot();
  stats.duration = duration.snapshot();
  return stats;
}

}  // namespace tapedeck::http

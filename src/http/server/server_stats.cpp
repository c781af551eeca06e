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

// The plain counts, in one order for loops and sums.
template <class Counts>
auto counts_of(Counts& counts) {
  return std::array{&counts.bytes_sent,          &counts.connections_open,  &counts.connections_accepted,
                    &counts.connections_refused, &counts.accept_errors,     &counts.header_timeouts,
                    &counts.body_timeouts,       &counts.idle_timeouts,     &counts.stall_timeouts,
                    &counts.slow_readers_cut,    &counts.responses_aborted, &counts.handler_failures,
                    &counts.cold_reads};
}

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
  const auto sums = counts_of(*this);
  const auto others = counts_of(other);
  for (std::size_t i = 0; i < sums.size(); ++i) *sums[i] += *others[i];
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
  const auto counters = counts_of(*this);
  const auto plain = counts_of(stats);
  for (std::size_t i = 0; i < plain.size(); ++i) *plain[i] = counters[i]->get();
  stats.first_byte = first_byte.snapshot();
  stats.duration = duration.snapshot();
  return stats;
}

}  // namespace tapedeck::http

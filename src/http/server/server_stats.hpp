#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tapedeck::http {

/// Upper bounds of the duration histograms, in seconds. The last bucket has no bound.
inline constexpr std::array<double, 14> kDurationBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                        0.1,    0.25,  0.5,    1.0,   2.5,  10.0,  60.0};

/// A histogram's state. `counts` are per bucket, not cumulative.
struct DurationHistogram {
  std::array<std::uint64_t, kDurationBounds.size() + 1> counts{};
  double sum_seconds = 0;
  [[nodiscard]] std::uint64_t total() const noexcept;
  void add(const DurationHistogram& other) noexcept;
};

/// A counter that one thread writes and any thread reads. It costs no more than a plain integer.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n = 1) noexcept { value_.store(get() - n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A histogram that one thread writes and any thread reads.
class DurationCounter {
 public:
  void observe(std::chrono::nanoseconds duration) noexcept;
  [[nodiscard]] DurationHistogram snapshot() const noexcept;

 private:
  std::array<Counter, kDurationBounds.size() + 1> counts_;
  Counter sum_nanoseconds_;
};

/// What a server counts. `Number` and `Durations` are counters in a loop, and plain values in a sum.
template <class Number, class Durations>
struct ServerCounts {
  std::array<Number, 5> requests_by_class{};  ///< 1xx to 5xx, with refusals
  Number bytes_sent{};                        ///< heads and bodies
  Number connections_open{};
  Number connections_accepted{};
  Number connections_refused{};  ///< over Limits::connections, or out of descriptors
  Number accept_errors{};
  Number header_timeouts{};
  Number body_timeouts{};
  Number idle_timeouts{};
  Number stall_timeouts{};     ///< a reader that took nothing
  Number slow_readers_cut{};   ///< a reader below Limits::least_send_rate
  Number responses_aborted{};  ///< cut short: the peer went, or the blob ended early
  Number handler_failures{};   ///< exceptions, answered with 500
  Number cold_reads{};         ///< pieces of a blob that were not in memory
  Durations first_byte;        ///< complete head to first byte sent
  Durations duration;          ///< complete head to last byte sent
};

/// Counts since the server started, summed over its loops.
struct ServerStats : ServerCounts<std::uint64_t, DurationHistogram> {
  void add(const ServerStats& other) noexcept;
};

/// One loop's counters; written on that loop only.
struct LoopCounters : ServerCounts<Counter, DurationCounter> {
  void count_status(unsigned status) noexcept;
  [[nodiscard]] ServerStats snapshot() const noexcept;
};

}  // namespace tapedeck::http

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tapedeck::http {

/// Upper bounds of the duration histograms, in seconds; the last bucket has none.
inline constexpr std::array<double, 14> kDurationBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                        0.1,    0.25,  0.5,    1.0,   2.5,  10.0,  60.0};

/// A histogram's state; `counts` are per bucket, not cumulative.
struct DurationHistogram {
  std::array<std::uint64_t, kDurationBounds.size() + 1> counts{};
  double sum_seconds = 0;
  [[nodiscard]] std::uint64_t total() const noexcept;
  void add(const DurationHistogram& other) noexcept;
};

/// What the server has done since it started, summed over its loops.
struct ServerStats {
  std::array<std::uint64_t, 5> requests_by_class{};  ///< 1xx to 5xx, refused ones included
  std::uint64_t bytes_sent = 0;                      ///< heads and bodies
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  ///< over Limits::connections, or out of descriptors
  std::uint64_t accept_errors = 0;
  std::uint64_t header_timeouts = 0;
  std::uint64_t body_timeouts = 0;
  std::uint64_t idle_timeouts = 0;
  std::uint64_t stall_timeouts = 0;     ///< a reader that took nothing
  std::uint64_t slow_readers_cut = 0;   ///< a reader below Limits::least_send_rate
  std::uint64_t responses_aborted = 0;  ///< cut short: the peer went, or the blob was shorter than it said
  std::uint64_t handler_failures = 0;   ///< exceptions, answered with 500
  std::uint64_t cold_reads = 0;         ///< pieces of a blob that had to be waited for
  DurationHistogram first_byte;         ///< complete head to first byte sent
  DurationHistogram duration;           ///< complete head to last byte sent

  void add(const ServerStats& other) noexcept;
};

/// A counter that one thread writes and any thread reads; costs no more than a plain one.
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

/// One loop's counters; written on that loop only.
struct LoopCounters {
  std::array<Counter, 5> requests_by_class;
  Counter bytes_sent;
  Counter connections_open;
  Counter connections_accepted;
  Counter connections_refused;
  Counter accept_errors;
  Counter header_timeouts;
  Counter body_timeouts;
  Counter idle_timeouts;
  Counter stall_timeouts;
  Counter slow_readers_cut;
  Counter responses_aborted;
  Counter handler_failures;
  Counter cold_reads;
  DurationCounter first_byte;
  DurationCounter duration;

  void count_status(unsigned status) noexcept;
  [[nodiscard]] ServerStats snapshot() const noexcept;
};

}  // namespace tapedeck::http

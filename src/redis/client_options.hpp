#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.hpp"

namespace tapedeck::redis {

/// The time of deadlines and pauses.
[[nodiscard]] inline SteadyTime now() { return std::chrono::steady_clock::now(); }

/// Limits of a client; the defaults are what runs, tests shorten them.
struct ClientOptions {
  /// From asking to the answer, redirections and a connection that must first be made included.
  Milliseconds command_deadline{2'000};
  /// From the first packet to the server's answer to our greeting. With kBackoffMax after it below two seconds, so that
  /// commands are answered again within that time of Redis answering.
  Milliseconds connect_deadline{1'500};
  /// After a command's deadline with no sign of life, the connection is taken for dead.
  Milliseconds silence_max{1'000};
};

/// Wait after a first failure to connect, and the longest; it doubles in between, and is cut by up to half at random so
/// that many processes do not come at once.
inline constexpr Milliseconds kBackoffFirst{25};
inline constexpr Milliseconds kBackoffMax{400};
/// How long commands wait for a connection when the try before it has failed. The try goes on without them: while Redis
/// is away they are refused soon, though each try may take as long as connect_deadline.
inline constexpr Milliseconds kDoubtfulPatience{100};
/// Commands that wait on one connection, and bytes that wait to be sent. Beyond, commands are refused.
inline constexpr std::size_t kPendingMax = 32 * 1024;
inline constexpr std::size_t kOutgoingBytesMax = 32 * 1024 * 1024;

/// What a client has done since it was made, over all loops.
struct ClientStatistics {
  std::uint64_t round_trips = 0;             ///< commands that were answered
  std::uint64_t round_trip_nanoseconds = 0;  ///< the sum of their times, from writing to the answer
  std::uint64_t connects = 0;                ///< connections that were made
  std::uint64_t reconnects = 0;              ///< of them: in place of one that broke
  std::uint64_t connect_failures = 0;
  std::uint64_t timeouts = 0;      ///< commands that were given up
  std::uint64_t redirects = 0;     ///< MOVED, ASK, and a master that was none
  std::uint64_t script_loads = 0;  ///< scripts sent as text, because Redis did not know them
  std::int64_t in_flight = 0;      ///< commands on the way now, those given up included
};

/// How often a script was run, and the sum of the times from asking to the answer.
struct ScriptTime {
  std::string_view script;
  std::uint64_t calls = 0;
  std::chrono::nanoseconds time{0};
};

/// The same, counted. Thread-safe.
struct ClientCounters {
  std::atomic<std::uint64_t> round_trips{0};
  std::atomic<std::uint64_t> round_trip_nanoseconds{0};
  std::atomic<std::uint64_t> connects{0};
  std::atomic<std::uint64_t> reconnects{0};
  std::atomic<std::uint64_t> connect_failures{0};
  std::atomic<std::uint64_t> timeouts{0};
  std::atomic<std::uint64_t> redirects{0};
  std::atomic<std::uint64_t> script_loads{0};
  std::atomic<std::int64_t> in_flight{0};

  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }
  [[nodiscard]] ClientStatistics snapshot() const noexcept;
};

}  // namespace tapedeck::redis

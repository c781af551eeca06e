#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace tapedeck::redis {

/// Limits and names of a client. The defaults of the limits are what runs; tests shorten them.
struct ClientOptions {
  /// From the call to the answer, with redirections and with connecting where there is no connection.
  Milliseconds command_deadline{2'000};
  /// From the first packet to the server's answer to our greeting. Together with kBackoffMax it is below two seconds,
  /// so that the client serves commands again within that time of Redis's return.
  Milliseconds connect_deadline{1'500};
  /// Silence after a command's deadline after which the connection counts as dead.
  Milliseconds silence_max{1'000};
  /// CLIENT SETNAME of each connection; empty: none.
  std::string client_name = {};
  /// Pattern of the keys in use, for the advice on access rules.
  std::string key_pattern = "*";
};

/// Pause after a first failure to connect, and the longest. It doubles in between, and drops up to half of itself at
/// random, so that many processes do not come at once.
inline constexpr Milliseconds kBackoffFirst{25};
inline constexpr Milliseconds kBackoffMax{400};
/// Longest wait of a command for a connection if the attempt before it failed. The attempt goes on without the command:
/// while Redis is away, commands fail soon, though each attempt may take as long as connect_deadline.
inline constexpr Milliseconds kDoubtfulPatience{100};
/// Most commands that wait on one connection, and most bytes that wait to be sent. The client refuses more.
inline constexpr std::size_t kPendingMax = 32 * 1024;
inline constexpr std::size_t kOutgoingBytesMax = 32 * 1024 * 1024;

/// Counts since the client was made, over all loops.
struct ClientStatistics {
  std::uint64_t round_trips = 0;             ///< commands that were answered
  std::uint64_t round_trip_nanoseconds = 0;  ///< the sum of their times, from writing to the answer
  std::uint64_t connects = 0;                ///< connections that were made
  std::uint64_t reconnects = 0;              ///< of them: in place of one that broke
  std::uint64_t connect_failures = 0;
  std::uint64_t timeouts = 0;      ///< commands that got no answer in time
  std::uint64_t redirects = 0;     ///< MOVED, ASK, and a master that was none
  std::uint64_t script_loads = 0;  ///< scripts sent as text, because Redis did not know them
  std::int64_t in_flight = 0;      ///< commands without a reply now, those given up included
};

/// Runs of a script, and the sum of their times from question to answer.
struct ScriptTime {
  std::string_view script;
  std::uint64_t calls = 0;
  std::chrono::nanoseconds time{0};
};

/// Counts these statistics. Thread-safe.
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

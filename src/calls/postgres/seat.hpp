#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "calls/postgres/change_mark.hpp"
#include "calls/postgres/database.hpp"

namespace tapedeck::postgres {

/// What connections are for.
enum class Access { kRead, kChange };

struct PoolOptions {
  /// Connections, each on a thread of its own.
  std::size_t connections = 4;
  /// Most jobs that wait for one; more are refused with kUnavailable.
  std::size_t queue_max = 10'000;
  /// From the request of a job: after this it is neither begun nor run again.
  Milliseconds patience{10'000};
  /// How long jobs wait for a lost connection to come back. After that each tries once.
  Milliseconds reconnect_patience{4'000};
  /// Between two attempts to connect; meanwhile, during a long outage, jobs are refused at once.
  Milliseconds reconnect_pause{100};
  /// How long to ask whether a COMMIT was done whose answer was lost: certainty is worth waiting for.
  Milliseconds doubt_patience{15'000};
  /// Most runs of a job that other transactions, or lost connections, undo.
  int runs_max = 8;
};

/// For metrics. Since the start.
struct PoolCounts {
  std::atomic<std::uint64_t> commits = 0;
  std::atomic<std::uint64_t> connects = 0;
};

/// How a job ended.
struct Outcome {
  std::optional<Error> error;       ///< empty: the work was done to its end
  bool concerns_everybody = false;  ///< the next job would end the same way
};

/// A connection of a pool. It is made when a job needs it, and again when it breaks; a job that this undid runs again.
/// One thread at a time.
class Seat {
 public:
  /// The work of a job. True: what it changed is to be kept. It runs again from its start after it was undone, so it
  /// must not use up what it holds.
  using Work = std::function<bool(Database&)>;
  using Time = std::chrono::steady_clock::time_point;

  /// What is given by reference must outlive the seat.
  Seat(Access access, const ConnectionString& where, const DatabaseLimits& limits, const PoolOptions& options,
       PoolCounts& counts);
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  /// Removes its mark, if there is a connection.
  ~Seat();

  /// With Access::kChange one transaction, committed when the work answers true: never lost and never done twice, even
  /// if the connection breaks (change_mark.hpp). Ends at `deadline`, or later by what is under way then: a statement,
  /// or the question whether a COMMIT was done.
  [[nodiscard]] Outcome run(const Work& work, Time deadline);

  /// Gives up the connection, after work that ended in the middle.
  void disconnect() noexcept { database_.reset(); }

 private:
  [[nodiscard]] std::optional<Error> connect(Time deadline);
  void run_once(const Work& work);
  void leave_transaction();
  /// Whether the change whose COMMIT was not answered was made. Error: that cannot be found out.
  [[nodiscard]] Result<bool> is_made_after_all();

  const Access access_;
  const ConnectionString& where_;
  const DatabaseLimits& limits_;
  const PoolOptions& options_;
  PoolCounts& counts_;
  std::unique_ptr<Database> database_;
  ChangeMark mark_;
  bool has_marked_ = false;
  std::optional<Time> lost_at_;     // since when there is no connection
  std::optional<Time> refused_at_;  // the last attempt to connect
  Error refusal_;
};

}  // namespace tapedeck::postgres

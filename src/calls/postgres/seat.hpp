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
  /// From the asking of a job on: after this it is not begun, and not run again.
  Milliseconds patience{10'000};
  /// From the loss of a connection on, how long its jobs wait for a server that comes back. After that each tries once.
  Milliseconds reconnect_patience{4'000};
  /// Between two attempts to connect; meanwhile, during a long outage, jobs are refused at once.
  Milliseconds reconnect_pause{100};
  /// From the loss of COMMIT's answer on, how long to go on asking whether it was done: certainty is worth waiting for.
  Milliseconds doubt_patience{15'000};
  /// Times that a job is run when other transactions, or lost connections, undo it.
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
  bool concerns_everybody = false;  ///< the next job will meet the same
};

/// A connection as a pool keeps it: made when a job needs it, made anew when it breaks, with the jobs that this undid
/// run again. One thread at a time.
class Seat {
 public:
  /// The work of a job: true when what it changed is to be kept. Run again from its start after it was undone, so it
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

  /// With Access::kChange one transaction, committed when the work answers true: never lost and never twice, though its
  /// connection breaks at any moment (change_mark.hpp). Takes at most until `deadline` and, from there, what is under
  /// way: a statement, or the doubt about a COMMIT.
  [[nodiscard]] Outcome run(const Work& work, Time deadline);

  [[nodiscard]] Access access() const noexcept { return access_; }

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

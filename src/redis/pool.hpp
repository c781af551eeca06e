#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>

#include "redis/connection.hpp"
#include "runtime/random.hpp"

namespace tapedeck::redis {

/// Most idle connections for commands that wait in the server, for each endpoint and loop.
inline constexpr std::size_t kIdleWaitersMax = 4;

/// One endpoint as one loop sees it: the current connection, and the pause after a failure. It connects only on demand:
/// while Redis is away, the first command after the pause tries again, and commands before it fail at once. A command
/// that finds a second attempt to connect under way waits for it for kDoubtfulPatience. Shared, because a task may wait
/// on a line that the topology has dropped meanwhile.
class Line {
 public:
  Line(boost::asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Endpoint endpoint,
       Greeting greeting, Random& random);

  /// The connection, made first where there is none. Errors kUnavailable, kCancelled: there is none, and nothing was
  /// sent.
  [[nodiscard]] Task<Result<std::shared_ptr<RedisConnection>>> acquire();
  /// When acquire() tries again; in the past where it may try now.
  [[nodiscard]] SteadyTime retry_at() const noexcept { return retry_at_; }
  /// No command waits for a reply, and no task for a connection.
  [[nodiscard]] bool idle() const noexcept { return !connection_ || connection_->idle(); }
  /// Ends the connection without calling its handlers, because the client or the loop ends.
  void drop();

 private:
  void note_failure(std::shared_ptr<RedisConnection> connection);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<ClientShared> shared_;
  Endpoint endpoint_;
  Greeting greeting_;
  Random& random_;
  std::shared_ptr<RedisConnection> connection_;
  bool was_ready_ = false;   // connection_ was
  bool was_broken_ = false;  // one before it was ready
  int failures_ = 0;         // in a row
  SteadyTime retry_at_;
  Error last_error_;
};

/// The connections of one client on one event loop. For that loop alone.
class LoopConnections {
 public:
  LoopConnections(boost::asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Random& random);
  LoopConnections(const LoopConnections&) = delete;
  LoopConnections& operator=(const LoopConnections&) = delete;
  ~LoopConnections();

  [[nodiscard]] std::shared_ptr<Line> line(const Endpoint& endpoint, const Greeting& greeting);
  /// A connection for a command that waits. It may not be ready yet.
  [[nodiscard]] std::shared_ptr<RedisConnection> take_waiter(const Endpoint& endpoint, const Greeting& greeting);
  /// Takes a connection back after use, and keeps or closes it.
  void give_back_waiter(std::shared_ptr<RedisConnection> connection);
  /// Closes the idle connections that lead neither to these endpoints nor to Sentinels.
  void keep_only(const std::vector<Endpoint>& endpoints);
  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }

 private:
  using Key = std::pair<PeerKind, Endpoint>;

  boost::asio::any_io_executor executor_;
  std::shared_ptr<ClientShared> shared_;
  Random& random_;
  std::map<Key, std::shared_ptr<Line>> lines_;
  std::map<Endpoint, std::vector<std::shared_ptr<RedisConnection>>> waiters_;
};

/// The connections of one client on every loop. They end with the client or with their loop, whichever ends first;
/// neither ends while a task of the client runs. One thread runs each loop.
class Pool {
 public:
  Pool(std::shared_ptr<ClientShared> shared, Random& random);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  /// The connections of the loop behind this executor. Called on that loop.
  [[nodiscard]] LoopConnections& on(const boost::asio::any_io_executor& executor);
  [[nodiscard]] ClientShared& shared() noexcept { return *shared_; }
  [[nodiscard]] const ClientShared& shared() const noexcept { return *shared_; }

 private:
  class LoopService;
  struct Loops;

  const std::uint64_t id_;  // unlike an address, a number never comes again
  std::shared_ptr<ClientShared> shared_;
  Random& random_;
  std::shared_ptr<Loops> loops_;  // shared with the loops, which may outlive the client
};

}  // namespace tapedeck::redis

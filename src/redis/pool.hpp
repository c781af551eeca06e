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

/// Connections for commands that wait in the server, kept for the next one, for each endpoint and loop.
inline constexpr std::size_t kIdleWaitersMax = 4;

/// One endpoint as one loop sees it: the connection of the moment, and the rest after a failure. While Redis is away,
/// nothing is tried in the background without being asked for: the first command after the rest tries again, and those
/// before it fail at once. So do those that find a try after a failed one still going on after kDoubtfulPatience.
/// Shared, because a task may wait on a line that the topology has dropped meanwhile.
class Line {
 public:
  Line(boost::asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Endpoint endpoint,
       Greeting greeting, Random& random);

  /// The connection, made first where there is none. Errors kUnavailable, kCancelled: why there is none; nothing was
  /// sent.
  [[nodiscard]] Task<Result<std::shared_ptr<Connection>>> acquire();
  /// When acquire() will try again; in the past where nothing is in the way.
  [[nodiscard]] SteadyTime retry_at() const noexcept { return retry_at_; }
  /// Nothing is on the way, and nobody waits for a connection.
  [[nodiscard]] bool idle() const noexcept { return !connection_ || connection_->idle(); }
  /// Ends the connection, when the client or the loop itself is going: nobody hears of it.
  void drop();

 private:
  void note_failure(std::shared_ptr<Connection> connection);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<ClientShared> shared_;
  Endpoint endpoint_;
  Greeting greeting_;
  Random& random_;
  std::shared_ptr<Connection> connection_;
  bool was_ready_ = false;   // connection_ was
  bool was_broken_ = false;  // one before it was ready
  int failures_ = 0;         // in a row
  SteadyTime retry_at_;
  Error last_error_;
};

/// The connections of one client on one event loop. Touched on that loop only.
class LoopConnections {
 public:
  LoopConnections(boost::asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Random& random);
  LoopConnections(const LoopConnections&) = delete;
  LoopConnections& operator=(const LoopConnections&) = delete;
  ~LoopConnections();

  [[nodiscard]] std::shared_ptr<Line> line(const Endpoint& endpoint, const Greeting& greeting);
  /// A connection for a command that waits; it may still have to become ready.
  [[nodiscard]] std::shared_ptr<Connection> take_waiter(const Endpoint& endpoint, const Greeting& greeting);
  /// Back after use, to be kept or closed.
  void give_back_waiter(std::shared_ptr<Connection> connection);
  /// Closes what leads elsewhere than to these endpoints and to Sentinels, as far as nothing is on the way there.
  void keep_only(const std::vector<Endpoint>& endpoints);
  [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return executor_; }

 private:
  using Key = std::pair<PeerKind, Endpoint>;

  boost::asio::any_io_executor executor_;
  std::shared_ptr<ClientShared> shared_;
  Random& random_;
  std::map<Key, std::shared_ptr<Line>> lines_;
  std::map<Endpoint, std::vector<std::shared_ptr<Connection>>> waiters_;
};

/// Every loop's connections of one client. They end with the client or with their loop, whichever goes first; neither
/// goes while a task of the client runs. Each loop is run by one thread.
class Pool {
 public:
  Pool(std::shared_ptr<ClientShared> shared, Random& random);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  /// Of the loop behind this executor, on which it is called.
  [[nodiscard]] LoopConnections& on(const boost::asio::any_io_executor& executor);
  [[nodiscard]] ClientShared& shared() noexcept { return *shared_; }
  [[nodiscard]] const ClientShared& shared() const noexcept { return *shared_; }

 private:
  class LoopService;
  struct Loops;

  const std::uint64_t id_;  // an address may come again, a number does not
  std::shared_ptr<ClientShared> shared_;
  Random& random_;
  std::shared_ptr<Loops> loops_;  // shared with the loops, of which the last one may outlive the client
};

}  // namespace tapedeck::redis

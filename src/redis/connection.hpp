#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "redis/client_options.hpp"
#include "redis/client_request.hpp"
#include "redis/connection_handshake.hpp"
#include "redis/connection_stream.hpp"
#include "redis/resp_pipeline.hpp"
#include "runtime/task.hpp"

namespace tapedeck::redis {

/// Shared by all connections of a client. It outlives the client while a connection closes.
struct ClientShared {
  ClientOptions options;
  std::shared_ptr<boost::asio::ssl::context> tls;  ///< null: plain
  ClientCounters counters;
};

/// One connection to Redis, from connecting to its end; then a new one takes its place. All commands of a loop share
/// it: it writes them without waiting for each other's replies.
///
/// It belongs to one event loop. While no command waits it has nothing pending, so that it does not keep the loop from
/// ending; lost() shows before the next command whether the other end has closed meanwhile. Shared, because its
/// handlers may still be in the loop's queue when its owner drops it.
class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  enum class State { kConnecting, kReady, kClosed };

  /// Begins to connect and to greet; ready() tells the result. After `patience_until` no task waits for it any more,
  /// and it goes on by itself until the connect deadline.
  [[nodiscard]] static std::shared_ptr<RedisConnection> open(boost::asio::any_io_executor executor,
                                                             std::shared_ptr<ClientShared> shared, Endpoint endpoint,
                                                             Greeting greeting,
                                                             SteadyTime patience_until = SteadyTime::max());
  RedisConnection(boost::asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Endpoint endpoint,
                  Greeting greeting, SteadyTime patience_until);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection();

  /// Returns when connecting has ended, or has taken longer than `patience_until`. Errors kUnavailable, kCancelled.
  [[nodiscard]] Task<Result<void>> ready();
  /// Writes the request and waits for its reply, for `patience` and the command deadline. `patience` is how long the
  /// command itself waits in the server: zero where others share the connection. `request` must live until then.
  /// Errors: kUnavailable: no reply came, the effect is unknown; kCancelled.
  [[nodiscard]] Task<Result<Reply>> exchange(const Request& request, Milliseconds patience = Milliseconds(0));
  /// The same without a coroutine, if takes(): calls `handler` once, and never from within.
  std::uint64_t submit(const Request& request, Milliseconds patience, RespPipeline::Handler handler);
  /// Error kUnavailable: it is not ready, or too many commands wait.
  [[nodiscard]] Result<void> takes() const;
  /// Ends it. The commands that wait fail with this error.
  void close(Error error);
  /// Ends it without calling the handlers: their tasks end with the loop, which owns them through this connection.
  void drop();

  [[nodiscard]] State state() const noexcept { return state_; }
  /// Why it is closed.
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  /// No command waits for a reply, and no task for the connection.
  [[nodiscard]] bool idle() const noexcept { return pipeline_.empty() && settling_ == 0; }
  /// Closed, or closed by the other end while it was idle.
  [[nodiscard]] bool lost();

 private:
  struct Abandon;
  struct Initiation;

  void give_up(std::uint64_t number);
  void start();
  void greet();
  void take_greeting(GreetingStep::Kind step, Result<Reply> reply, bool last);
  void become_ready();
  std::uint64_t expect_reply(RespPipeline::Handler handler, SteadyTime deadline);
  void watch();
  void check_deadlines();
  void schedule_flush();
  void flush();
  void read();
  void received(std::size_t count);
  void count();

  boost::asio::any_io_executor executor_;
  std::shared_ptr<ClientShared> shared_;
  Endpoint endpoint_;
  Greeting greeting_;
  ConnectionStream stream_;
  boost::asio::steady_timer timer_;    // of the next deadline
  boost::asio::steady_timer settled_;  // cancelled when connecting has ended; ready() waits on it
  RespPipeline pipeline_;
  std::string outgoing_;  // not yet given to the stream
  std::string writing_;   // given to it
  std::array<char, 16 * 1024> incoming_;
  SteadyTime connect_deadline_;
  SteadyTime patience_until_;
  State state_ = State::kConnecting;
  Error error_;
  Peer peer_;
  std::size_t settling_ = 0;  // tasks in ready()
  std::size_t counted_ = 0;   // our part of in_flight
  bool flush_scheduled_ = false;
  bool is_writing_ = false;
  bool is_reading_ = false;
  bool is_watching_ = false;
};

}  // namespace tapedeck::redis

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

/// What all connections of a client share; it outlives the client while a connection is being closed.
struct ClientShared {
  ClientOptions options;
  std::shared_ptr<boost::asio::ssl::context> tls;  ///< null: plain
  ClientCounters counters;
};

/// One connection, from connecting to its end; a new one takes its place. All commands of a loop share it: they are
/// written without waiting for each other's replies.
///
/// It belongs to one event loop. While nothing is asked it has nothing under way, so that it does not keep the loop
/// from ending; that the other side has closed meanwhile is seen before the next command (lost()). Shared, because its
/// handlers may still be in the loop's queue when its owner lets it go.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class State { kConnecting, kReady, kClosed };

  /// Begins to connect and to greet; ready() tells how that went. After `patience_until` nobody waits for it any more,
  /// and it goes on by itself until the connect deadline.
  [[nodiscard]] static std::shared_ptr<Connection> open(boost::asio::any_io_executor executor,
                                                        std::shared_ptr<ClientShared> shared, Endpoint endpoint,
                                                        Greeting greeting,
                                                        SteadyTime patience_until = SteadyTime::max());
  Connection(boost::asio::any_io_executor executor, std::shared_ptr<ClientShared> shared, Endpoint endpoint,
             Greeting greeting, SteadyTime patience_until);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Returns when connecting has ended, or has taken too long to wait for. Errors kUnavailable, kCancelled.
  [[nodiscard]] Task<Result<void>> ready();
  /// Writes the request and waits for its reply, for `patience` and the command deadline; `patience` is how long the
  /// command itself waits in the server, and zero where others share the connection. `request` must live until then.
  /// Errors: kUnavailable: no reply came, the effect is unknown; kCancelled.
  [[nodiscard]] Task<Result<Reply>> exchange(const Request& request, Milliseconds patience = Milliseconds(0));
  /// The same without a coroutine, for a connection that takes(): `handler` is called once, and never from within.
  std::uint64_t submit(const Request& request, Milliseconds patience, RespPipeline::Handler handler);
  /// Error kUnavailable: it is not ready, or too much waits already.
  [[nodiscard]] Result<void> takes() const;
  /// Ends it; what waits fails with this error.
  void close(Error error);
  /// Ends it without telling those who wait: their tasks end with the loop, which owns them through this connection.
  void drop();

  [[nodiscard]] State state() const noexcept { return state_; }
  /// Why it is closed.
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  /// Nothing is on the way, and nobody waits for it to become ready.
  [[nodiscard]] bool idle() const noexcept { return pipeline_.empty() && settling_ == 0; }
  /// Closed, or closed by the other side while it was idle.
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
  boost::asio::steady_timer settled_;  // cancelled when connecting has ended; those who wait for that wait on it
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
  std::size_t counted_ = 0;   // what of in_flight is ours
  bool flush_scheduled_ = false;
  bool is_writing_ = false;
  bool is_reading_ = false;
  bool is_watching_ = false;
};

}  // namespace tapedeck::redis
